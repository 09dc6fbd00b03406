$FLOPCAST show deals/hostile --data "$CASES/list/data"
