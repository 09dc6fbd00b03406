$FLOPCAST list --data "$CASES/list/data" >/dev/full
