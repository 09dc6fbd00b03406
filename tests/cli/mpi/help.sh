$FLOPCAST_MPI
$MPI 2 $FLOPCAST_MPI --version
$FLOPCAST_MPI bench --help | head -n 3
