$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'run.delivery=[{month: 2, chips: 64}]'
