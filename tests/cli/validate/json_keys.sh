# The keys of the contract and those added since, then what is told of each row beside numbers.
$FLOPCAST validate "$CASES/validate/runs.csv" --format json -o out.json
grep -oE '"[a-z_0-9]+":' out.json | sort -u | tr -d '\n' && echo
grep -E '"(id|reason|suspect|stack_assumed)"' out.json
