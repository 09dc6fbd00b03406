T=$CASES/import/tables
$FLOPCAST bench --import "$T/gemm_us.csv" --import "$T/all_reduce_8.txt" -o both.json >/dev/null
on() { $FLOPCAST estimate local-gpt2 --calibration both.json --set cluster.chip.memory_bw=2TB/s --set workload.dtype=bf16 "$@"; }
on --set cluster.chip.memory=80GiB --set cluster.chips=8 --set plan.dp=8 --format json |
    grep -A4 '"key": "cluster.chip.scaleup_bw"\|"chips_used_count"' | grep 'text\|value\|chips_used'
on --set cluster.chip.memory=80GiB --set cluster.chips=16 2>&1 | grep -o 'local has no.*need'
on 2>&1 | grep -o 'no size of the memory'
