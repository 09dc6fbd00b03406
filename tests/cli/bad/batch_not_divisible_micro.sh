$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'plan={dp: 64, micro_batch: 3}'
