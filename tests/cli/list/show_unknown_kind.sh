$FLOPCAST show chip/alpha-1 --data "$CASES/list/data"
