$FLOPCAST list $(seq 300)
