printf 'seconds,chip,dtype,m,n,k,note\r\n1e-5,h100-sxm,bf16,1024,1024,1024,"a ""quoted"", note"\r\n,h100-sxm,fp8,64,64,64,\n2e-6,nochip,bf16,1,1,1,\n' >t.csv
$FLOPCAST op t.csv --format csv | cut -d, -f1-4,6-
