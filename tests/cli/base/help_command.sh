$FLOPCAST help show
