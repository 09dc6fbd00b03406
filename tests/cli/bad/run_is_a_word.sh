$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set run=fast
