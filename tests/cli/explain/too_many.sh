$FLOPCAST explain mfu one two --data "$DATA"
