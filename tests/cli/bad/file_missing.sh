$FLOPCAST estimate nosuch.yaml --data "$DATA"
