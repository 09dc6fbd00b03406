# valgrind's own log takes the number of a closed descriptor, so there is nothing to see under it.
case $FLOPCAST in *-under-valgrind)
    exit 2
    ;;
esac
$FLOPCAST lsit 2>&-
