$FLOPCAST list chips models --data "$CASES/list/data"
