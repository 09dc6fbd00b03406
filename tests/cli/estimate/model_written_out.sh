cat >study.yaml <<'TEXT'
model: {layers: 32, hidden: 4096, heads: 32, kv_heads: 8, head_dim: 128, ffn_hidden: 14336, ffn_type: swiglu,
        vocab: 128256, seq_len: 8192, attention: gqa, tied_embeddings: false}
cluster: {chip: H100_SXM, chips: 64}
workload: {tokens: 1T, global_batch: 512}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA" --format json >written.json
$FLOPCAST estimate study.yaml --data "$DATA" --format json --set model=llama3-8b >named.json
grep -A1 -h '"params_total_count"' written.json named.json | grep -c 8030261248
grep '"time_s"' written.json | head -n 1 >written; grep '"time_s"' named.json | head -n 1 >named; cmp written named && echo same
