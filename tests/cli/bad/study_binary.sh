head -c 64 "$(command -v ls)" >study.yaml
$FLOPCAST estimate study.yaml --data "$DATA"
