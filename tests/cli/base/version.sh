$FLOPCAST --version
