printf '' >t.csv; $FLOPCAST validate t.csv
