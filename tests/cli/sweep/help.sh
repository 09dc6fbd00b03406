$FLOPCAST help sweep
