cp "$CASES"/import/tables/gemm_us.csv t.csv
for options in "--kind ncl-tests" "--backend null" "--budget 5s" "--dtype fp32,bf16" "--ranks 1"; do
    $FLOPCAST bench --import t.csv $options
    echo "exit $?"
done
$FLOPCAST bench --chip-name X
echo "exit $?"
$FLOPCAST bench --import
echo "exit $?"
