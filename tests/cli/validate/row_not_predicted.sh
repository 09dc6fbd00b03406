$FLOPCAST validate "$CASES/validate/runs.csv" --row rl
