$FLOPCAST sweep codesign-70b --threads 1 -o one.csv
for threads in 2 3 8; do
    $FLOPCAST sweep codesign-70b --threads $threads >many.csv && cmp one.csv many.csv && echo "$threads: same"
done
