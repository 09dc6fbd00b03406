$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals.a.deal={usd_per_chip_h: 1, own: {usd_per_chip: 3}}'
