$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set run.checkpoint_overlap=1.2
