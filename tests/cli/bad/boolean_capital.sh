cat >study.yaml <<'TEXT'
model: {base: llama3-8b, tied_embeddings: True}
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
