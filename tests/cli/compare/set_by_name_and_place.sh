"$FLOPCAST" compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set draws=100 --set deals.a.mfu=0.3 --format json >name.json
"$FLOPCAST" compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set draws=100 --set deals.0.mfu=0.3 --format json >place.json
cmp name.json place.json && echo same
