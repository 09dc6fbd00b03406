$FLOPCAST estimate "$(printf "a%.0s" $(seq 5000))" --data "$DATA"
