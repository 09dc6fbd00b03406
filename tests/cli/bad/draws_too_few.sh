$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'draws=1'
