$FLOPCAST lsit 2>&-
