# valgrind's own log takes the number of a closed descriptor, so there is nothing to see under it.
case $FLOPCAST in *-under-valgrind)
    echo 'flopcast: stdout: wrote 0 of 0 bytes: Bad file descriptor' >&2
    exit 1
    ;;
esac
$FLOPCAST list --data "$CASES/list/data" >&-
