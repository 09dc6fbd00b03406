$FLOPCAST op gemm --chip h100 --dtype bf16 --m 1e15 --n 1e15 --k 1e15 | head -n 1
