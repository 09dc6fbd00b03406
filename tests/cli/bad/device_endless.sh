$FLOPCAST estimate /dev/zero --data "$DATA"
