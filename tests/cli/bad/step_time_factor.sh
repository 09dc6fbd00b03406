$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'estimate.step_time_factor=20'
