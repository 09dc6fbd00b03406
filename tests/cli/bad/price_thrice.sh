$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal={contract: {usd_per_month: 1G, chips: 10k}, own: {usd_per_chip: 30k}}'
