# Axes that make no sense are refused before anything is written.
echo kept >out.csv
try() {
    cat >study.yaml <<YAML
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
sweep: $1
YAML
    $FLOPCAST sweep study.yaml -o out.csv 2>&1
    echo "exit $?"
}
try '[]'
try '{}'
try '7'
try '[cluster.chips]'
try '{zip: true}'
try '{clutser.chips: [1, 2]}'
try '{cluster.chips: 64}'
try '{cluster.chips: []}'
try '{cluster.chips: [64], zip: perhaps}'
try '{cluster.chips: [64, 128], plan.tp: [1, 2, 4], zip: true}'
try '[{cluster.chips: [64]}, {cluster.chips: [128]}]'
try '[{cluster.chips: [64]}, {cluster: [rainier-1m]}]'
try '{cluster.chips: {from: 64}}'
try '{cluster.chips: {from: 64, to: many, steps: 3}}'
try '{cluster.chips: {from: 64, to: 128, steps: 1}}'
try '{cluster.chips: {from: 64, to: 128, steps: 3, scale: cubic}}'
try '{cluster.chips: {from: 0, to: 128, steps: 3, scale: log}}'
try '{cluster.chips: {from: 1, to: 4, steps: 9}}'
try '{cluster.chips: {from: 1, to: 4, stesp: 9}}'
try '{cluster.chip: {from: 1, to: 4, steps: 9}}'
try '{plan.recompute: {from: 1, to: 4, steps: 3}}'
try '{deal.usd_per_chip_h: {from: 1 GB, to: 4, steps: 3}}'
try '{cluster.chips: {from: 1, to: 1M, steps: 100k}, plan.tp: {from: 1, to: 50k, steps: 50k}}'
try '{model: ["a\nb"]}'
cat out.csv
