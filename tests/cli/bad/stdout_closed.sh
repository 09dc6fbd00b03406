# not under valgrind: its own log takes the number of the closed descriptor
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" >&-
