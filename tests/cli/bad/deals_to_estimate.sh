$FLOPCAST estimate "$CASES/bad/data/deals.yaml" --data "$DATA"
