# A file of another search is refused and left alone, and so is one that was changed.
study=$CASES/search/study.yaml
parts() {
    cp "$1" before.parts
    shift
    $MPI 2 $FLOPCAST_MPI search $study --journal kept.parts "$@" >out 2>noise
    echo "exit $?"
    grep '^flopcast-mpi' noise
    cmp before.parts kept.parts
}
$MPI 1 $FLOPCAST_MPI search $study --journal whole.parts -o plans.txt 2>noise || cat noise
head -n 5 whole.parts >kept.parts
parts kept.parts
parts kept.parts --resume --top 3
parts kept.parts --resume --set workload.tokens=2T
parts kept.parts --resume --data "$(cp -r $DATA data && echo '# other' >>data/chips/h100-sxm.yaml && echo data)"
sed -i '1s/ [0-9.]*-/ 0.0.9-/' kept.parts
parts kept.parts --resume
echo precious >kept.parts
parts kept.parts --resume
sed '3s/0/1/9' whole.parts >kept.parts
parts kept.parts --resume
sed 3d whole.parts >kept.parts
parts kept.parts --resume
{ cat whole.parts && tail -n 1 whole.parts; } >kept.parts
parts kept.parts --resume
echo
for options in --resume '--journal - --resume' '--journal x -o x' '--journal no/such/folder/x' '--journal /dev/full'; do
    $MPI 2 $FLOPCAST_MPI search $study $options 2>noise
    echo "exit $?"
    grep '^flopcast-mpi' noise
done
