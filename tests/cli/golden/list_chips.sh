$FLOPCAST list chips --data "$DATA"
