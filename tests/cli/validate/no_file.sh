$FLOPCAST validate no-such-table.csv
