printf 'chip,dtype,m,n,k\nh100,bf16,1,1,1\nh100,bf16,1,1\n' >t.csv; $FLOPCAST op t.csv
