# Texts with quotes, commas and what a sheet would take for a formula; a value that is a map; words that are no numbers.
cat >study.yaml <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
sweep: {cluster: ['=cmd|"/c calc"!A1, x', {chip: h200-sxm, chips: 64}, 64k, 7, "8", null]}
YAML
$FLOPCAST sweep study.yaml --quiet | cut -d, -f2- | sed 's/,true,.*//; s/ shows the .*//'
$FLOPCAST sweep study.yaml --quiet --format jsonl | grep -oE '"row": .*"fits"|"reason".*' | sed 's/ shows the .*//'
