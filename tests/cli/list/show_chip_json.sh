$FLOPCAST show chips/alpha-1 --data "$CASES/list/data" --format json
