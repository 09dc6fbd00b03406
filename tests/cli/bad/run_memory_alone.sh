$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'run.memory_bw=1 GB/s'
