$FLOPCAST help shwo
