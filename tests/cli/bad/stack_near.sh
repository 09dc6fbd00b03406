$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'stack=megatron-cor'
