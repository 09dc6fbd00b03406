$FLOPCAST show stacks/plain --data "$CASES/list/data"
