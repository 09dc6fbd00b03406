$FLOPCAST estimate a.yaml b.yaml --data "$DATA"
