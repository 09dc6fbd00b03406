# A calibration that holds a shipped curve answers as the shipped chip does; an emulated one says so.
parameters=$(awk '/kind: gemm/ {gemm = 1} /dtype: bf16/ {wanted = gemm} /parameters:/ {inside = wanted; wanted = gemm = 0; next}
    inside && /^      [a-z]/ {sub(":", "", $1); printf "%s\"%s\": %s", sep, $1, $2; sep = ", "; next} {inside = 0}' \
    "$DATA/calibrations/h100-sxm.yaml")
write() {
    printf '{"schema_version": 1, "device": {"backend": "cuda", "name": "some GPU", "emulated": %s}, "samples": [],
"fit": {"dtypes": [{"dtype": "bf16", "peak_flop_per_s": 7e14, "m_half": 30, "n_half": 30, "k_half": 100, "launch_s": 2e-6}],
"kernels": [{"kind": "gemm", "dtype": "bf16", "like": "h100-sxm", "cores_count": 132, "fitted_count": 65,
"heldout_count": 11, "heldout_median_abs_error_frac": 0.03, "heldout_p90_abs_error_frac": 0.1,
"parameters": {%s}}]}}\n' "$1" "$parameters"
}
write false >here.json
write true >emulated.json
shape='--dtype bf16 --m 4096 --n 6144 --k 2048'
cmp <($FLOPCAST op gemm --calibration here.json $shape --format json | grep predicted_s) \
    <($FLOPCAST op gemm --chip h100-sxm --data "$DATA" $shape --format json | grep predicted_s) && echo "as the shipped curve"
$FLOPCAST op gemm --calibration here.json $shape --format csv | cut -d, -f1-4,8
$FLOPCAST op gemm --calibration emulated.json $shape | tail -n 1
sed 's/"wave_frac": [^,]*/"wave_frac": 0/' here.json >zero.json
$FLOPCAST op gemm --calibration zero.json $shape
sed 's/"kind": "gemm"/"kind": "prefill"/' here.json >kind.json
$FLOPCAST op gemm --calibration kind.json $shape
sed 's/"parameters": {.*}}]}}/"parameters": {}}]}}/' here.json >empty.json
$FLOPCAST op gemm --calibration empty.json $shape
