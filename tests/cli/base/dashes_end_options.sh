$FLOPCAST list -- --format
