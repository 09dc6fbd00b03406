printf 'chip,dtype,m,n,k\nh100,bf17,1,1,1\n' >t.csv; $FLOPCAST op t.csv
