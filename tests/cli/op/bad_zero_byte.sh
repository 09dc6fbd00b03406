printf "chip,dtype,m,n,k\nh100,b\0f16,1,1,1\n" >t.csv; $FLOPCAST op t.csv
