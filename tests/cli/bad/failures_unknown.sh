$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set cluster.failures=llama4
