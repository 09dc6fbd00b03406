$FLOPCAST show alpha-1 --data "$CASES/list/data"
