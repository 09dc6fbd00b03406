# Rank 1 alone may not have what it asks for: its message, its code, no file, and nobody waits for ever.
echo kept >x.json
mpirun --oversubscribe -n 1 $FLOPCAST_MPI bench --budget 600s --most-bytes 400M -o x.json \
    : -n 1 sh -c "ulimit -v 700000; exec $FLOPCAST_MPI" 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise
cat x.json
ls
