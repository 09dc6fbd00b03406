$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals.a.mfu=1.3'
