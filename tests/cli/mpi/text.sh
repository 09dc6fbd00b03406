$MPI 2 $FLOPCAST_MPI bench --budget 1s --most-bytes 64k --ops all_reduce -o two.json 2>noise
grep -q . noise && ! grep -q 'stayed unstable' noise && cat noise
true
