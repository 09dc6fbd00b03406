cat >study.yaml <<'TEXT'
model: llama3-8b
cluster: {chip: h100-sxm, chips: .nan}
workload: {tokens: 1T}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
