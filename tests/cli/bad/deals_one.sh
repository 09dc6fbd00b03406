$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals=[{name: a, cluster: {chip: h100-sxm, chips: 8}}]'
