T=$CASES/import/tables
cp "$T"/all_reduce_8.txt "$T"/all_gather.json .
cp "$T"/no_name.txt alltoall_run.txt
$FLOPCAST bench --import all_reduce_8.txt --import all_gather.json --import alltoall_run.txt -o out.json
grep -A7 '"collectives"' out.json
