printf 'chip,nodes,hidden,tokens_per_chip,experts_per_token,experts,dispatch_s,combine_s\nh100-sxm,1,7168,64,8,256,1e-4,1e-4\n' >t.csv; $FLOPCAST fit t.csv
