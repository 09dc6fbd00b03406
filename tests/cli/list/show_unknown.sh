$FLOPCAST show alpha-11 --data "$CASES/list/data"
