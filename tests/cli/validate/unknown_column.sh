# A misspelt column would be blank in every row: it is told.
sed '1s/,tp,/,t_p,/' "$CASES/validate/runs.csv" >t.csv; $FLOPCAST validate t.csv --format json | grep -c '"id"'
