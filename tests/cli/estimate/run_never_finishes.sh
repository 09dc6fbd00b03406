$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set cluster.chip.failures=0.9 --set cluster.restart=2h
