$MPI 2 $FLOPCAST_MPI bench --budget 600s -o no/such/folder/x.json 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise
