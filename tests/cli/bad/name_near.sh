$FLOPCAST estimate llama3-405b-16k-h10 --data "$DATA"
