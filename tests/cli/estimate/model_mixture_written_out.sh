cat >study.yaml <<'TEXT'
model: {name: mine, layers: 32, hidden: 4096, heads: 32, kv_heads: 8, ffn_type: swiglu, vocab: 32000, seq_len: 4096,
        experts: 8, experts_per_token: 2, moe_ffn_hidden: 14336, shared_experts: 0, tied_embeddings: false}
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, global_batch: 512}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA" --format json | grep -E '"params_(total|active)_count"'
