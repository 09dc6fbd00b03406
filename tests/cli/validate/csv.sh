$FLOPCAST validate "$CASES/validate/runs.csv" --format csv | cut -d, -f1-3,5,7-9,11
