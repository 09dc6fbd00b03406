printf 'chip,dtype,m,n,k\n"h100,bf16,1,1,1\n' >t.csv; $FLOPCAST op t.csv
