$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'foo=1'
