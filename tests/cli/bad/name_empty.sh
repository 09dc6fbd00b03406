$FLOPCAST estimate "" --data "$DATA"
