$FLOPCAST estimate "$CASES/bad/data/run.yaml" --set foo --data "$DATA"
