$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'model={layers: 0, hidden: 64, heads: 4, ffn_hidden: 256, vocab: 1000}'
