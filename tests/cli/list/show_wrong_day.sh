$FLOPCAST show prices/beta --data "$CASES/list/data" --today tomorrow
