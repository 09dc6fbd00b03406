$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'grid=[5]'
