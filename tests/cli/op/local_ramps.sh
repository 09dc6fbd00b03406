# A processor's calibration answers with its ramps, and only for matmuls.
$FLOPCAST op gemm --calibration reference-cpu --data "$DATA" --dtype fp32 --m 1024 --n 1024 --k 1024
$FLOPCAST op gemm --chip local --calibration reference-cpu --data "$DATA" --dtype fp8 --m 1024 --n 1024 --k 1024
$FLOPCAST op all_reduce --calibration reference-cpu --data "$DATA" --dtype fp16 --chips 2 --bytes 1024
