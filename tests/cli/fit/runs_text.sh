# The page without its numbers: those are the step model's.
{ head -1 "$DATA/runs/published.csv"; grep -E '^(megatron21-t1|korthikanti-t5)' "$DATA/runs/published.csv"; } >runs.csv
$FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --leave-out each --quiet >out
sed -E '/^  (parameter|family|left out)/!s/ -?[0-9][0-9.e-]*/ N/g; s/ +/ /g; s/(matmul|pipeline) (N N N N N).*/\1 \2/' out
