cat >study.yaml <<'TEXT'
workload: {dtype: bf16, seq_len: 8192, global_batch: 2048}
deals:
  - {name: d1, cluster: {chip: h100-sxm, chips: 16k}, share: 0.5}
  - {name: d2, cluster: {chip: h200-sxm, chips: 16k}, share: 0.5}
  - {name: d3, cluster: {chip: gb200-nvl72, chips: 16k}, share: 0.5}
  - {name: d4, cluster: {chip: a100-sxm-80gb, chips: 16k}, share: 0.5}
  - {name: d5, cluster: {chip: trainium2, chips: 16k}, share: 0.5}
  - {name: d6, cluster: {chip: mi300x, chips: 16k}, share: 0.5}
grid:
  - {model: llama3-405b, tokens: 15T}
TEXT
$FLOPCAST compare study.yaml --data "$DATA" --set draws=100 >text
grep -cE '^d1 over d[2-6], on the same work' text
sed -n '/^  work /,/^$/p' text | grep -oE ' d[1-6] ' | sort -u | wc -l
