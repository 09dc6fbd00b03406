mkdir -p data/chips && printf "a: [1\n" >data/chips/bad.yaml && $FLOPCAST show chips/bad --data data
