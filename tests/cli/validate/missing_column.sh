printf 'id,chip,measured_metric\na,b,c\n' >t.csv; $FLOPCAST validate t.csv
