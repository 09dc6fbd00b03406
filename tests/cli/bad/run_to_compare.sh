$FLOPCAST compare "$CASES/bad/data/run.yaml" --data "$DATA"
