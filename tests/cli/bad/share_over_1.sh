$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'deal.share=1.5'
