$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal={usd_per_chip_h: 2, own: {usd_per_chip: 30k}}'
