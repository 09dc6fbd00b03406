$FLOPCAST validate "$CASES/validate/runs.csv" --format html
