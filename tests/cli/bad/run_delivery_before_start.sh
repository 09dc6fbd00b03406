$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'run.delivery=[{month: -1, chips: 64}]'
