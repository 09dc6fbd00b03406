$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'cluster.failures={chips: 1e-5}'
