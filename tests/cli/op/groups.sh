printf 'chip,dtype,phase,batch,q_len,kv_len,heads,kv_heads,head_dim,seconds\nh100-sxm,bf16,prefill,4,1024,1024,32,8,128,1e-3\nh100-sxm,bf16,decode,4,1,1024,32,8,128,1e-3\n' >t.csv
printf 'chip,op,dtype,chips,bytes,seconds\nh100-sxm,all_reduce,fp16,8,1048576,1e-3\nh100-sxm,all_to_all,bf16,8,1048576,\n' >c.csv
$FLOPCAST op t.csv --format json | grep -c '"p90_abs_error_frac"'; $FLOPCAST op c.csv | head -n 1 | cut -d: -f1
