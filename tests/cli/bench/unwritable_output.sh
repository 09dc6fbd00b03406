$FLOPCAST bench --backend null -o no/such/folder/x.json
