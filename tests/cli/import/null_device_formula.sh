# What the null device computes, as a table of another tool: its rate and its launch time come back, here and when the
# import is replayed.
$FLOPCAST bench --backend null --dtype bf16 --format csv -o null.json >null.csv
awk -F, 'NR == 1 { print "dtype,m,n,k,us" }
    $1 == "matmul" && $4 >= 64 && $5 >= 64 && $6 >= 64 { printf "%s,%s,%s,%s,%.9f\n", $3, $4, $5, $6, 1e6 * $11 }' \
    null.csv >table.csv
$FLOPCAST bench --import table.csv -o import.json | grep -o '^  bf16  ceiling 8.00 TFLOP/s'
$FLOPCAST bench --replay import.json --dtype bf16 -o replay.json | grep -o '^  bf16  ceiling 8.00 TFLOP/s'
