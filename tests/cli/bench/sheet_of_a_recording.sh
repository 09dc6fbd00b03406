# What the null device computes, recorded under the name of a GPU: shares of that GPU's sheet, told as a recording.
$FLOPCAST bench --backend null --dtype bf16,fp32 -o null.json --data "$DATA" | grep '^Sheet'
sed -e 's/"name": "null device.*"/"name": "nvidia  H100 80gb HBM3"/' -e 's/"emulated": true/"emulated": false/' null.json >named.json
$FLOPCAST bench --backend replay --replay named.json -o out.json --data "$DATA" >out.txt
grep -E '^(Sheet|case)|multiply-adds|up to|bf16  ceiling' out.txt | sed -e 's/  *$//' -e 's/, halves.*//'
grep -E '^(matmul|triad).*(16384  16384  16384|fp64)' out.txt
grep -A 3 '"sheet"' out.json
$FLOPCAST estimate local-gpt2 --calibration out.json --data "$DATA" --format json | grep -c 'h100-sxm by its name'
sed -e 's/H100 80gb HBM3/H100 80gb HBM4/' named.json >unknown.json
$FLOPCAST bench --backend replay --replay unknown.json -o out.json --data "$DATA" | grep -E '^(Sheet|case)'
grep -c '"sheet"' out.json
exit 0
