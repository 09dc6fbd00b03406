mkdir out && $FLOPCAST list -o out
