$FLOPCAST list --data "$CASES/list/data" chips <&- >&- 2>&-
