printf 'chip,dtype,tokens,hidden,moe_ffn_hidden,experts_per_token,experts,tp,ep,distribution,seconds\nh100-sxm,bf16,2048,4096,1536,8,128,1,8,power_law_1.2,1e-3\nh100-sxm,bf16,2048,4096,1536,8,128,1,8,balanced,1e-3\n' >t.csv
$FLOPCAST op t.csv --format json | grep -E '"(op|distribution|count)"'
