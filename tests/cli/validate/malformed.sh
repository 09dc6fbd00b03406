# Broken lines are named and skipped, the others predicted.
{ cat "$CASES/validate/runs.csv"; printf 'short,line\n'; printf 'a,"never closed,b\n'; sed -n 2p "$CASES/validate/runs.csv"; } >runs.csv
$FLOPCAST validate runs.csv --format json | grep -E '"(runs_count|malformed_count)"'
