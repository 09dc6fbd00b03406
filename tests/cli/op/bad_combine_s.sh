printf 'chip,nodes,hidden,tokens_per_chip,experts_per_token,experts,sms,dispatch_s,combine_s,source\nh100,1,7168,64,8,256,20,1e-4,-1,x\n' >t.csv; $FLOPCAST op t.csv
