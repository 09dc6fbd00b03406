$FLOPCAST bench --backend null --dtype fp64 -o null.json >null.txt
sed 's/"noise_frac": 0/"noise_frac": 0.5/' null.json >noisy.json
$FLOPCAST bench --backend replay --replay noisy.json -o out.json >out.txt
status=$?
head -n 2 out.txt | tail -n 1
grep '^  "unstable"' out.json
exit $status
