# A table that the shipped curve itself makes: the fit finds it back.
{ echo chip,dtype,m,n,k; for m in 64 200 512 1024 4096; do for n in 128 512 1000 4096 8192; do for k in 64 512 2048 8192; do echo h100-sxm,bf16,$m,$n,$k; done; done; done; } >shapes.csv
$FLOPCAST op shapes.csv --format csv | awk -F, 'NR == 1 { print "chip,dtype,m,n,k,seconds" } NR > 1 { split($4, s, " "); print $1 "," $2 "," s[2] "," s[4] "," s[6] "," $5 }' >table.csv
$FLOPCAST fit table.csv --quiet --write . --source "made up" --date 2026-11-22 --format json | awk -F'[:,]' '/median/ { print ($2 < 0.05 ? "near" : "far") }'
grep -c launch_s h100-sxm.yaml
