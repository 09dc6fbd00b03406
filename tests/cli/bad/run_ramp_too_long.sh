$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'run={batch_ramp: 1000T, batch_ramp_speed: 0.5}'
