$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal.usd_per_chip_h={low: 1, high: 2, value: 3}'
