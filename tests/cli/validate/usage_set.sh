$FLOPCAST validate "$CASES/validate/runs.csv" --set plan.tp=4
