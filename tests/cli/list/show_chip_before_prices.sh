$FLOPCAST show beta --data "$CASES/list/data"
