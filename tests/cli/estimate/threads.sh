$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --threads 1 --format json >1.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --threads 2 --format json >2.json
cmp 1.json 2.json && echo same
