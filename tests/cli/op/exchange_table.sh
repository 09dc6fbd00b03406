# A row is a dispatch and a combine; the last column is a remark, and its comma needs no quotes.
printf 'chip,nodes,hidden,tokens_per_chip,experts_per_token,experts,sms,dispatch_s,combine_s,source\nh100-sxm,1,7168,4096,8,256,20,5e-4,9e-4,DeepEP normal, sglang\nh200-sxm,4,7168,4096,8,256,24,2e-3,,x\nb200-hgx,2,7168,4096,8,256,24,,,x\n' >t.csv
$FLOPCAST op t.csv --format json | grep -c '"p90_abs_error_frac"'
$FLOPCAST op t.csv --format csv | cut -d, -f1-4,6-
