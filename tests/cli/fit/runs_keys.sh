# The keys of JSON, once each, and what a program reads of a fit: values inside their ranges, one chip left out.
{ head -1 "$DATA/runs/published.csv"; grep -E '^(megatron21-t1|korthikanti-t5)' "$DATA/runs/published.csv"; } >runs.csv
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --leave-out korthikanti22 --quiet --format json >out
grep -oE '^ *"[a-z0-9_-]+":' out | sort -u | tr -d ' :"' | tr '\n' ' '
echo
awk -F'[:,]' '/"low"/ { low = $2 } /"value"/ { value = $2 } /"high"/ { print (low <= value && value <= $2 ? "inside" : "outside") }' out
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --leave-out korthikanti22 --quiet --format csv | cut -d, -f1,2,9-12
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --quiet --format csv | cut -d, -f1,2
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --quiet --format md | grep '^##'
