$FLOPCAST --verison
