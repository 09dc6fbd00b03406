$FLOPCAST op gemm --chip h100 --dtype bf16 --m 4096 --n 4096
