$FLOPCAST show chips/../deals/hostile --data "$CASES/list/data"
