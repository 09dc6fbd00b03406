$FLOPCAST show prices/beta --data "$CASES/list/data" --today 2025-09-18
