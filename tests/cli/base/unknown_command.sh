$FLOPCAST estimat study.yml
