$FLOPCAST list prices --data "$CASES/list/data"
