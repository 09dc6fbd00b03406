$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'seed=-1'
