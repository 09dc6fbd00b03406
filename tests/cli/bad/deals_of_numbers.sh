$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals=[1, 2]'
