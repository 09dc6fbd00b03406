$FLOPCAST list --data "$CASES/list/data" -o /dev/null && test -c /dev/null && $FLOPCAST list -o /dev/full
