$FLOPCAST explain --data "$DATA" | grep -v ^Next | cut -c1-32 | sed 's/ *$//'
