$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" --set 'workload.dtype=nvfp4'
