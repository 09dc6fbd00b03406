$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --seed 1 --set draws=200 --format json >first.json
$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --seed 1 --set draws=200 --format json >again.json
$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --seed 2 --set draws=200 --format json >other.json
cmp first.json again.json && echo "same bytes"
cmp -s first.json other.json || echo "other draws"
