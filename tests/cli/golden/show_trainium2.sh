$FLOPCAST show trainium2 --today 2026-11-22 --data "$DATA"
