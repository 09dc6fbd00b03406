$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'cluster.failures={chip: -1e-5}'
