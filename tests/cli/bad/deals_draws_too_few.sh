$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'draws=1'
