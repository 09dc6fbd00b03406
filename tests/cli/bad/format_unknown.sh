$FLOPCAST estimate "$CASES/bad/data/run.yaml" --format xml --data "$DATA"
