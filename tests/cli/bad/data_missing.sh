$FLOPCAST estimate llama3-8b --data nosuch
