$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal={contract: {usd_per_month: 1G}}'
