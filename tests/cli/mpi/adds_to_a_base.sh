$FLOPCAST bench --backend null --budget 1s -o base.json >/dev/null
cp base.json before.json
bench() { ranks=$1; shift; $MPI "$ranks" $FLOPCAST_MPI bench "$@" -o both.json >text 2>noise; }
bench 2 --budget 5s --most-bytes 1M --ops all_reduce --base base.json
cmp base.json before.json && echo "the base is untouched"
$FLOPCAST estimate local-gpt2 --set cluster.chips=2 --set plan.dp=2 --calibration both.json --format json -o estimate.json
grep -oE 'GB/s one way among 2 chips, .* us a step: the collectives fitted|"chips_count": 2|"chips_used_count": 2' estimate.json | sort -u
# Onto its own result: the same collectives are replaced. With four ranks: they stand beside.
bench 2 --budget 1s --most-bytes 64 --ops all_reduce --base both.json
grep -o 'older samples of the same collectives and ranks gave way' text
bench 4 --budget 1s --most-bytes 64 --ops all_gather --base both.json
grep '^Next:' text
[ "$(grep -c '"kind": "matmul"' both.json)" = "$(grep -c '"kind": "matmul"' base.json)" ] && echo "all matmuls are there"
sed -n '/"collectives"/,$p' both.json | grep -E '"(op|ranks)"'
