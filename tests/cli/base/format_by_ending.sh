$FLOPCAST list --data "$CASES/list/data" -o kinds.json && head -n 3 kinds.json
