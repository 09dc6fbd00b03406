$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --seed 1 --format json >first.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --seed 1 --format json >again.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --seed 2 --format json >other.json
cmp first.json again.json && echo "same bytes"
cmp -s first.json other.json || echo "other draws"
