$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" -o nosuch/out.json
