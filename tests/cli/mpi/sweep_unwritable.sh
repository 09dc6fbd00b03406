$MPI 2 $FLOPCAST_MPI sweep codesign-70b -o no/such/folder/x.csv 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise
$MPI 2 $FLOPCAST_MPI sweep codesign-70b -o /dev/full 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise
