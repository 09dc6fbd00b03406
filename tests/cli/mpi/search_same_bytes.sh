# One process, one to three ranks, threads within them: the same bytes but for the seconds it took, and the same file of parts.
mask() { grep -vE '"(elapsed_s|plans_per_s)"|^Searched in'; }
study=$CASES/search/study.yaml
$FLOPCAST search $study --format json | mask >one.json
for ranks in 1 2 3; do
    $MPI $ranks $FLOPCAST_MPI search $study --journal $ranks.parts -o $ranks.json 2>noise || cat noise
    mask <$ranks.json | cmp - one.json && cmp 1.parts $ranks.parts && echo "$ranks: same"
done
options='--by memory --exhaustive --top 20 --max-chips 32 --why tp=8,pp=2'
$FLOPCAST search $study $options | mask >one.txt
$MPI 2 $FLOPCAST_MPI search $study $options --threads 2 2>noise | mask | cmp - one.txt && echo 'threads and options: same'
$MPI 2 $FLOPCAST_MPI search $study --set model=llama3-405b --set cluster.chips=2 2>noise
echo "exit $?"
grep '^flopcast-mpi' noise | cut -c 1-60
