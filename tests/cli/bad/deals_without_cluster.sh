$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals=[{name: a}, {name: b}]'
