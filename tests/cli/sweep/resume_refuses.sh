# Rows of something else are left as they are, and the reason is told.
cat >study.yaml <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
sweep: {cluster.chips: [64, 128, 256]}
YAML
$FLOPCAST sweep study.yaml -o whole.csv
head -n 3 whole.csv >part.csv
cp part.csv kept.csv
try() { $FLOPCAST sweep "$@" --quiet 2>&1; echo "exit $?"; cmp part.csv kept.csv; }
try study.yaml --resume -o part.csv --set workload.seq_len=4096
echo '{cluster.chips: [64, 128, 512]}' >axes.yaml
try study.yaml --resume -o part.csv --axes axes.yaml
echo '{cluster.chips: [64, 128], plan.tp: [1]}' >axes.yaml
try study.yaml --resume -o part.csv --axes axes.yaml
try study.yaml --resume -o part.csv --ranges
try study.yaml --resume -o part.csv --format jsonl
# Another version.
head -n 1 kept.csv >part.csv
sed -n '2,$s/^[0-9.]*-/9.9.9-/p' kept.csv >>part.csv
cp part.csv kept.csv
try study.yaml --resume -o part.csv
{ head -n 1 whole.csv; sed -n 3p whole.csv; } >part.csv
cp part.csv kept.csv
try study.yaml --resume -o part.csv
{ cat whole.csv; sed -n 4p whole.csv; } >part.csv
cp part.csv kept.csv
try study.yaml --resume -o part.csv
# Another data folder.
cp -r "$DATA" data
echo '# touched' >>data/chips/h100-sxm.yaml
head -n 3 whole.csv >part.csv
cp part.csv kept.csv
try study.yaml --resume -o part.csv --data data
try study.yaml --resume
