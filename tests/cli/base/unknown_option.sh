$FLOPCAST list --fromat json
