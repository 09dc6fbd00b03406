$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'plan.tp={low: 1, high: 8}'
