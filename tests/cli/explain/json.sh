$FLOPCAST explain 6nd --data "$DATA" --format json
