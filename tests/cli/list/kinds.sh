$FLOPCAST list --data "$CASES/list/data"
