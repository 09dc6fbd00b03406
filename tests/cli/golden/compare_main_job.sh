$FLOPCAST compare trn2-vs-220k --data "$DATA"
