printf 'chip,dtype,phase,batch,q_len,kv_len,heads,kv_heads,head_dim\nh100,bf16,fly,1,1,1,1,1,1\n' >t.csv; $FLOPCAST op t.csv
