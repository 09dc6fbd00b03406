printf 'chip,op,dtype,chips,bytes\nh100,all_reduce,fp16,1,8\n' >t.csv; $FLOPCAST op t.csv
