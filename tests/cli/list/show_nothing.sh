$FLOPCAST show --data "$CASES/list/data"
