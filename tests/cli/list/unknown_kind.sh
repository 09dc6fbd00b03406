$FLOPCAST list chip --data "$CASES/list/data"
