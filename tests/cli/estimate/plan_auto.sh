$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format json --set plan=auto >auto.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format json >none.json
cmp auto.json none.json && echo same
grep -E '"(given|fits)"' auto.json
