$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'model={base: llama3-8b, attention: mla}'
