$FLOPCAST bench --backend null --budget 1s -o base.json >/dev/null
$MPI 2 $FLOPCAST_MPI bench --budget 1s --least-bytes 64 --most-bytes 64 --ops all_reduce -o two.json >/dev/null 2>noise
$MPI 3 $FLOPCAST_MPI bench --budget 1s --least-bytes 64 --most-bytes 64 --ops all_reduce --base base.json --base two.json -o all.json >/dev/null 2>noise
sed -n '/"collectives"/,$p' all.json | grep -E '"(op|ranks)"'
$MPI 2 $FLOPCAST_MPI bench --budget 1s --base two.json --base base.json -o never.json 2>&1 >/dev/null | grep '^flopcast-mpi'
ls never.json 2>/dev/null
