head -12 "$DATA/runs/published.csv" >runs.csv; $FLOPCAST fit runs.csv --spec "$CASES/fit/runs_spec.yaml" --leave-out twentyone2
