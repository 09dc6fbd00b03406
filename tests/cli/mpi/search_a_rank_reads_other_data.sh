# The same words, but another file where rank 1 stands.
mkdir here there
cp $CASES/search/study.yaml here
sed 's/1T/2T/' here/study.yaml >there/study.yaml
mpirun --oversubscribe -n 1 --wdir "$PWD/here" $FLOPCAST_MPI search study.yaml -o plans.json \
    : -n 1 --wdir "$PWD/there" $FLOPCAST_MPI 2>noise
echo "exit $?"
grep -oE 'flopcast-mpi: rank 1 of 2 .*' noise | sed 's/ on [^:]*:/ on HOST:/; s/(.*)/(MARKS)/'
ls here
