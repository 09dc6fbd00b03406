printf 'chip,dtype,tokens,hidden,moe_ffn_hidden,experts_per_token,experts,tp,distribution\nh100,bf16,64,4096,1536,8,128,1,balanced\n' >t.csv; $FLOPCAST op t.csv
