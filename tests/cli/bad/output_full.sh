$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" -o /dev/full
