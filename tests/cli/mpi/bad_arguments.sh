try() { $FLOPCAST_MPI "$@"; echo "exit $?"; } 2>&1
try swep
try bench --opps all_reduce
try bench --ops allreduce
try bench --ops ''
try bench --budget 0s
try bench --least-bytes 1
try bench --most-bytes 1T
try bench --least-bytes 1k --most-bytes 8
try bench --calibration x.json
try bench --threads 2
try bench two
try bench --format yaml
