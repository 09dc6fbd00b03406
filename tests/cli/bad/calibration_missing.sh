$FLOPCAST estimate "$CASES/bad/data/run.yaml" --calibration nosuch.json --data "$DATA"
