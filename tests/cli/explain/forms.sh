# a key whose formula depends on the study
for deal in '{usd_per_chip_h: 2.95}' '{own: {usd_per_chip: 30k}}' '{contract: {usd_per_month: 1M, chips: 64}}'; do
    $FLOPCAST explain cost.total_usd "$CASES/bad/data/run.yaml" --data "$DATA" --set "deal=$deal" | sed -n '/^Formula /p'
done
$FLOPCAST explain goodput "$CASES/bad/data/run.yaml" --data "$DATA" --set deal.goodput=0.9 | sed -n '1p; /^Numbers /p'
