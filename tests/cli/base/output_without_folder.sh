$FLOPCAST list -o no/such/folder/x.json
