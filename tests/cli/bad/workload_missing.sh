cat >study.yaml <<'TEXT'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
