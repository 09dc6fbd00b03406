$FLOPCAST show chips/gamma --data "$CASES/list/data"
