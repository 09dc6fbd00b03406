echo "{}" >x.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --calibration x.json --data "$DATA"
