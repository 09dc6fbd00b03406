printf '{"model": "llama3-8b", "cluster": {"chip": "h100-sxm", "chips": 64}, "workload": {"tokens": "1T", "seq_len": 8192, "global_batch": 512, "dtype": "bf16"}, "deal": {"usd_per_chip_h": 2.95}}' >study.json
$FLOPCAST estimate study.json --data "$DATA" >json.txt
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" >yaml.txt
sed -i '/^Next:/d' json.txt yaml.txt
cmp json.txt yaml.txt && echo same
