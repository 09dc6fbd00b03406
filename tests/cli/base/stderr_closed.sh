# not under valgrind: its own log takes the number of the closed descriptor
$FLOPCAST lsit 2>&-
