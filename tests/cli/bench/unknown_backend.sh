$FLOPCAST bench --backend opnblas
