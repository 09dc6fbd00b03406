$FLOPCAST estimate /dev/stdin --data "$DATA" </dev/null
