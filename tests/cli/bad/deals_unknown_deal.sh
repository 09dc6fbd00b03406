$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals.z.mfu=0.3'
