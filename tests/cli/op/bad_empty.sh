printf '' >t.csv; $FLOPCAST op t.csv
