$FLOPCAST validate "$CASES/validate/runs.csv" --row full-175B --format svg
