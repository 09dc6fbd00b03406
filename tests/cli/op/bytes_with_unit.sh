# The buffer takes units as all else does; 64 MiB is 67108864 bytes.
for b in 67108864 64MiB 65536KiB; do $FLOPCAST op all_reduce --chip h100 --dtype fp16 --chips 8 --bytes $b --format csv | tail -n 1; done | sort -u | wc -l
$FLOPCAST op all_reduce --chip h100 --dtype fp16 --chips 8 --bytes 64M | head -n 1 | cut -d: -f1
