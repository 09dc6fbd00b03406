$FLOPCAST list --format xml
