$FLOPCAST list --format
