# Rows as they come: an answer, a point that does not fit, one that is refused. What the figures are is tested elsewhere.
cat >study.yaml <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
stack: megatron-core
sweep:
  - {cluster.chip: [h100-sxm, h200-sxm], deal.usd_per_chip_h: [2, 3], zip: true}
  - {cluster.chips: [64, 1], plan.tp: [1, 6, 128]}
  - model: [llama3-8b, llama3-405b]
YAML
$FLOPCAST sweep study.yaml -o rows.csv
cut -d, -f2-8 rows.csv
# Blank, or not.
awk -F, 'NR > 1 { print $8, ($10 == "" ? "no time" : "time"), ($14 == "" ? "no memory" : "memory"),
    ($20 == "" ? "no plan" : "plan"), ($31 == "" ? "no reason" : "a reason") }' rows.csv | sort | uniq -c
head -n 1 rows.csv | tr , '\n'
