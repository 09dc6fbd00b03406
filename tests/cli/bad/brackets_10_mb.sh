head -c 10000000 /dev/zero | tr '\0' '[' >study.yaml
$FLOPCAST estimate study.yaml --data "$DATA"
