$FLOPCAST verify
