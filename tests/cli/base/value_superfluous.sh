$FLOPCAST list --quiet=yes
