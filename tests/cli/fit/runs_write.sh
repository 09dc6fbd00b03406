# What is fitted goes into the files; the estimator reads it back; a second fit of the same day changes nothing.
{ head -1 "$DATA/runs/published.csv"; grep -E '^(megatron21-t1|korthikanti-t5)' "$DATA/runs/published.csv"; } >runs.csv
cp -r "$DATA" data
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --write data --date 2026-11-24 >out 2>err
sed -E 's/[0-9.]+ s a fit, [0-9]+ eval/N s a fit, N eval/' err
diff -r "$DATA" data | grep '^>' | sed -E 's/(low|mid|high): [0-9.e-]+/\1: N/g; s/; trades.*\)//; s/; at a bound of the fit//; s/[0-9]+ rows/N rows/'
$FLOPCAST show a100-sxm-80gb --data data | grep -c 'fitted on twenty-one, korthikanti'
cp -r data again
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --write again --date 2026-11-24 --quiet >out
diff -r data again && echo the same
