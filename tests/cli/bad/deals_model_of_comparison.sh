$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'model=llama3-8b'
