$FLOPCAST --help
