$FLOPCAST list models --data "$CASES/list/data"
