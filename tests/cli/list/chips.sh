$FLOPCAST list chips --data "$CASES/list/data"
