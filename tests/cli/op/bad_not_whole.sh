printf 'chip,dtype,m,n,k\nh100,bf16,1,0.5,1\n' >t.csv; $FLOPCAST op t.csv
