head -c 10000000 /dev/zero | tr '\0' '[' >study.json
$FLOPCAST compare study.json --data "$DATA"
