printf 'chip,dtype,m,n\nh100,bf16,1,1\n' >t.csv; $FLOPCAST op t.csv
