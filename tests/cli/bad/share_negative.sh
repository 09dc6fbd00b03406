$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal.share=-0.1'
