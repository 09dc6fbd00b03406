$FLOPCAST op all_reduce --chip h100 --dtype fp16 --chips 8 --bytes 0.3
