mkdir study.yaml
$FLOPCAST estimate study.yaml --data "$DATA"
