$FLOPCAST list --data "$CASES/list/data" -o - --format csv
