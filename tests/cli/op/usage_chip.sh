$FLOPCAST op gemm --chip h100x --dtype bf16 --m 1 --n 1 --k 1
