# A --resume forgotten does not cost the rows; a finished file and anything else is replaced, as by any command.
cat >study.yaml <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
sweep: {cluster.chips: [64, 128, 256]}
YAML
$FLOPCAST sweep study.yaml -o whole.csv
head -n 3 whole.csv >part.csv
$FLOPCAST sweep study.yaml -o part.csv 2>&1
echo "exit $?"
wc -l <part.csv
$FLOPCAST sweep study.yaml -o whole.csv && echo replaced
echo 'a letter' >letter.csv
$FLOPCAST sweep study.yaml -o letter.csv && cmp whole.csv letter.csv && echo replaced
