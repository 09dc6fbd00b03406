echo '{"schema_version": 1}' >bad.json
$MPI 2 $FLOPCAST_MPI bench --budget 1s --base bad.json -o x.json 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise
ls x.json 2>/dev/null
$MPI 2 $FLOPCAST_MPI bench --base missing.json -o x.json 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise
