$FLOPCAST list --data "$CASES/list/data" --format csv
