$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal.usd_per_chip_h={low: 5, mid: 3, high: 2}'
