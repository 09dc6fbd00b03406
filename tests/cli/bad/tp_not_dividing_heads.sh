$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'plan.tp=7'
