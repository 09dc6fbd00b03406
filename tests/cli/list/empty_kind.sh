$FLOPCAST list studies --data "$CASES/list/data" && $FLOPCAST list studies --data "$CASES/list/data" --format json
