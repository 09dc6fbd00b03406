$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'workload.tokens=15.6TB'
