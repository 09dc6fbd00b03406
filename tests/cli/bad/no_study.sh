$FLOPCAST compare --data "$DATA"
