T=$CASES/import/tables
# The form of the fit may change; both tables come from 400 TFLOP/s.
rates() { sed "s/ceiling \(39[5-9]\|40[0-5]\) TFLOP.*/ceiling near 400 TFLOP\/s/; /^Fit/d; /^Held/d"; }
cp "$T"/gemm_us.csv "$T"/gemm_tflops.csv .
$FLOPCAST bench --import gemm_us.csv --chip-name "Example X1" -o us.json | rates
$FLOPCAST bench --import gemm_tflops.csv --kind gemm-csv -o tflops.json --seed 4 | rates
grep '"name"\|"library"' us.json
