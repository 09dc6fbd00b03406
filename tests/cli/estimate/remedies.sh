cat >run.yaml <<'TEXT'
model: llama3-70b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 256}
plan: {tp: 4, pp: 4, vpp: 1, cp: 1, ep: 1, dp: 4, micro_batch: 2, recompute: selective, zero: 1, sequence_parallel: 1}
TEXT
$FLOPCAST estimate run.yaml --data "$DATA"
echo "exit $?"
$FLOPCAST estimate run.yaml --data "$DATA" --format json >answer.json 2>refusal
echo "exit $?"
grep -c '"fits": false' answer.json
sed -n '/"remedies"/,/^  }/p' answer.json
