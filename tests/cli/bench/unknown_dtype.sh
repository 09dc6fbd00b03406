$FLOPCAST bench --backend null --dtype fp32,bf61
