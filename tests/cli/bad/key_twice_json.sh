printf '{"model": "llama3-8b", "model": "llama3-70b"}' >study.json
$FLOPCAST estimate study.json --data "$DATA"
