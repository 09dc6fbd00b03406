$FLOPCAST sweep codesign-70b -o /dev/full
