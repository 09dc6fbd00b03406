$FLOPCAST show tiny-moe --data "$CASES/list/data"
