$FLOPCAST explain mfuu --data "$DATA"
