$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal.usd_per_chip_h={low: 1, mid: 2, high: 3, grade: exact}'
