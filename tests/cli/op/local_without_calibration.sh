$FLOPCAST op gemm --chip local --dtype fp32 --m 1024 --n 1024 --k 1024
