$FLOPCAST list --data nowhere
