for deal in '{usd_per_chip_h: 2.95}' '{own: {usd_per_chip: 30k}}' '{contract: {usd_per_month: 1M, chips: 64}}'; do
    printf '%s:' "$deal"
    "$FLOPCAST" estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set "deal=$deal" | sed -n 's/^  cost  *//p' | sed 's/[0-9.]\{1,\}/N/g'
done
