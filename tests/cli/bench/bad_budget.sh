$FLOPCAST bench --backend null --budget 20MB
