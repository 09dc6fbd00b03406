$FLOPCAST fit t.csv --write .
