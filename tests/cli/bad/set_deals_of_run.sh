$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deals.a.mfu=0.3'
