cat >study.yaml <<'TEXT'
model: llama3-8b
workload: {tokens: 1T}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
