$FLOPCAST xyzzy
