$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'grid=[{model: llama3-405b, tokens: 1T, sq_len: 4}]'
