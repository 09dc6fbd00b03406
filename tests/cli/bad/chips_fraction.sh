$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'cluster.chips=1.5'
