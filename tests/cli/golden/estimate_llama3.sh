$FLOPCAST estimate llama3-405b-16k-h100 --data "$DATA"
