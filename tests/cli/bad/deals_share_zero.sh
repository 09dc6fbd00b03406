$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'deals.a.share=0'
