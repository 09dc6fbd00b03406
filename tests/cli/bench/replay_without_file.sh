$FLOPCAST bench --backend replay
