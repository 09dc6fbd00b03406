$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'run.delivery=[{month: 0, chips: 65}]'
