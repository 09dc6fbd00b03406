$FLOPCAST op gemm --chip gaudi3 --dtype bf16 --m 64 --n 64 --k 64
