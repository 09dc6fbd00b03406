$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set run.batch_ramp=1G
