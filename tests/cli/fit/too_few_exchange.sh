printf 'chip,nodes,hidden,tokens_per_chip,experts_per_token,experts,sms,dispatch_s,combine_s,source\nh100-sxm,1,7168,64,8,256,20,1e-4,1e-4,x\n' >t.csv; $FLOPCAST fit t.csv --quiet
