$FLOPCAST list chips --data "$CASES/list/data" --format csv
