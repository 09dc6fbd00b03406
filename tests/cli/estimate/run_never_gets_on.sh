# Failures as regular as a clock, closer than restart and checkpoint: the mean looks possible, no history gets anywhere.
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'cluster.failures={software: 0.078, software_shape: 5}' \
    --set run.checkpoint_interval=20min --set cluster.restart=10min
