$FLOPCAST fit --source "somebody"
