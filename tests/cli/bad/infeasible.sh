$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'model=llama3-405b'
