$FLOPCAST bench --backend null --budget 2s -o calibration.json --quiet >/dev/null 2>&1
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --calibration calibration.json --data "$DATA" --set 'cluster={chip: local, chips: 1}' --set model=gpt2 \
    --set stack=pytorch-eager --set workload.dtype=fp32 --set workload.seq_len=1024 --set workload.global_batch=8 --set cluster.chip.memory=1TB \
    --format json | sed -n '/"cluster": {/,/}/s/.*"chip": \(".*"\).*/\1/p' | tail -n 1
