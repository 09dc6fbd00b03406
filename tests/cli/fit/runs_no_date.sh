$FLOPCAST fit --write data --date yesterday
