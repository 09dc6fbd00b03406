$FLOPCAST op gemm --chip h100 --dtype bf16 --m 1 --n -1 --k 1
