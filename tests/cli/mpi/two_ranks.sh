# One size an op, which no load drops. A busy machine may end it at 6, the file being written all the same.
$MPI 2 $FLOPCAST_MPI bench --budget 1s --least-bytes 64 --most-bytes 64 --format csv -o two.json >two.csv 2>noise
code=$?
[ $code = 0 ] || [ $code = 6 ] || cat noise
cut -d, -f1-9,17 two.csv
grep -cE '"(mpi_library|rank_hosts|rank_placement|taken_at)": "[^"]+"' two.json
grep -oE '"(ranks_count|rank_hosts_count|ranks_per_host_least|ranks_per_host_most)": [0-9]+|"rank_placement": "[^"]*"' two.json
sed -n '/"collectives"/,$p' two.json | grep -E '"(op|ranks|samples_count)"'
