$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal=5'
