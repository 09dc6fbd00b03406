$FLOPCAST estimate "$CASES/bad/data/run.yaml" --seed -1 --data "$DATA"
