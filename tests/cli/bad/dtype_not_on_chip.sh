$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'workload.dtype=nvfp4'
