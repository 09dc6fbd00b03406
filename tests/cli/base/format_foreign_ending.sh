$FLOPCAST list -o kinds.html
