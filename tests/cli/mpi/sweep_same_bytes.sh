# One process, one to three ranks, threads within them: the same bytes, to a file and to stdout.
$FLOPCAST sweep codesign-70b -o one.csv
for ranks in 1 2 3; do
    $MPI $ranks $FLOPCAST_MPI sweep codesign-70b -o $ranks.csv 2>noise || cat noise
    cmp one.csv $ranks.csv && echo "$ranks: same"
done
$MPI 2 $FLOPCAST_MPI sweep codesign-70b --threads 2 2>noise | cmp - one.csv && echo 'threads: same'
$FLOPCAST sweep codesign-70b -o one.jsonl --set workload.tokens=1T
$MPI 2 $FLOPCAST_MPI sweep codesign-70b -o two.jsonl --set workload.tokens=1T 2>noise && cmp one.jsonl two.jsonl && echo 'jsonl: same'
