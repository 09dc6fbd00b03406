$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'cluster=[{chip: h100-sxm, chips: 4}, {chip: h200-sxm, chips: 8}]'
