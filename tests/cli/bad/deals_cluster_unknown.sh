$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals.a.cluster=colossus-9'
