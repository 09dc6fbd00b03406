cat >study.yaml <<'TEXT'
model: {base: llama3-8b, hidden: -4096}
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
