# With --ranges p10, p50 and p90 are the estimate's own.
echo 'cluster.chips: [16384]' >axes.yaml
$FLOPCAST sweep llama3-405b-16k-h100 --axes axes.yaml --ranges --format jsonl >rows.jsonl
$FLOPCAST estimate llama3-405b-16k-h100 --format csv >estimate.csv
for range in 'days run.days,days' 'total_usd cost.total,USD'; do
    set -- $range
    for p in 10 50 90; do
        column=$((p / 40 + 3))
        here=$(grep -oE "\"$1_p$p\": [-0-9.e]+" rows.jsonl | sed 's/.*: //')
        there=$(grep "^$2" estimate.csv | cut -d, -f$column)
        [ -n "$here" ] && [ "$here" = "$there" ] && echo "$1 p$p: same" || echo "$1 p$p: $here, estimate says $there"
    done
done
