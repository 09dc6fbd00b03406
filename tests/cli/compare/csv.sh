$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --format csv | cut -d, -f1-3 | head -n 3
$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --format csv | awk -F, 'NR > 1 && NF != 15 && NF != 16 { print NR ": " NF " cells" }'
