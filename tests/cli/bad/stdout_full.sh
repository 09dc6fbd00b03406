$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" >/dev/full
