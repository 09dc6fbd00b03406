$FLOPCAST validate "$CASES/validate/runs.csv" -o out.md && grep '^| ' out.md | cut -d'|' -f2,3 | head -n 5
