# What one rank left, three go on with.
$FLOPCAST sweep codesign-70b -o one.csv
for cut in 0 100 4001 $(wc -c <one.csv); do
    head -c $cut one.csv >part.csv
    $MPI 3 $FLOPCAST_MPI sweep codesign-70b --resume --quiet -o part.csv 2>noise || cat noise
    cmp one.csv part.csv && echo same
done
