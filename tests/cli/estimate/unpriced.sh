cat >study.yaml <<'TEXT'
model: llama3-8b
cluster: {chip: {peak_bf16: 500 TFLOP/s, memory: 80GB, memory_bw: 2TB/s, scaleout_bw: 400Gbit/s}, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA" | grep -E '^  (cost|energy) '
$FLOPCAST estimate study.yaml --data "$DATA" --format json | grep -E '"(total_usd|usd_per_mtoken|energy_mwh|peak_mw)"'
