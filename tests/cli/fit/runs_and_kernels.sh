printf "chip,dtype,m,n,k,seconds\nh100-sxm,bf16,1,1,1,1e-6\n" >t.csv; head -3 "$DATA/runs/published.csv" >runs.csv; $FLOPCAST fit t.csv runs.csv
