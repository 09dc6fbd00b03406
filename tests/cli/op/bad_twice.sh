printf 'chip,chip,dtype,m,n,k\n' >t.csv; $FLOPCAST op t.csv
