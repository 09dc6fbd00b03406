$FLOPCAST show prices/alpha-1 --data "$CASES/list/data" --today 2025-07-01
