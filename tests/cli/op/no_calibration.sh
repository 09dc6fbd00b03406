$FLOPCAST op gemm --chip tpu-v5e --dtype bf16 --m 64 --n 64 --k 64
