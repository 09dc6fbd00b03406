$FLOPCAST compare . --data "$DATA"
