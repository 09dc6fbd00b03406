for format in text json csv md; do
    $FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format $format -o out.$format
    $FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" -o by-ending.${format/text/txt}
    cmp out.$format by-ending.${format/text/txt}
    head -c 2 out.$format | head -n 1
done
ls
