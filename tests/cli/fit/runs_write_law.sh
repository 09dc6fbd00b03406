# With every family left out the law of the model's own error is written, with the runs that distances are measured from;
# an estimate then stands beside them, and a run that is one of them at distance 0.
cp -r "$DATA" data
{ head -1 "$DATA/runs/published.csv"; grep -E '^(megatron21-t1|korthikanti-t5)' "$DATA/runs/published.csv"; } >runs.csv
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --leave-out each --write data --date 2026-11-24 --quiet >out
diff "$DATA/domain.yaml" data/domain.yaml | sed -n 's/^> \([a-z_]*\): {value: [0-9.e-]*, \(.*\)/\1 \2/p'
head -1 data/domain.csv
tail -n +2 data/domain.csv | cut -d, -f1-3,5-7 | sort | head -3
tail -n +2 data/domain.csv | awk -F, '{ runs += $12 } END { print (runs > 10 ? "all runs" : "lost") }'
$FLOPCAST validate runs.csv --data data --row megatron21-t1-1.7B --format json | grep -c predicted_p10
