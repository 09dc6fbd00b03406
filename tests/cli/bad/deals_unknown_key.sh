$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals.a.mfuu=0.3'
