# The same words, but another file where rank 1 stands.
mkdir here there
for folder in here there; do
    cat >$folder/study.yaml <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
sweep: {cluster.chips: [64, 128, 256]}
YAML
done
sed -i 's/1T/2T/' there/study.yaml
rank_1() {
    mpirun --oversubscribe -n 1 --wdir "$PWD/here" $FLOPCAST_MPI sweep study.yaml -o rows.csv \
        : -n 1 --wdir "$PWD/there" $FLOPCAST_MPI 2>noise
    echo "exit $?"
    grep -oE 'flopcast-mpi: rank 1 of 2 .*' noise | sed 's/ on [^:]*:/ on HOST:/; s/(.*)/(MARKS)/'
}
rank_1
rm there/study.yaml here/rows.csv
rank_1
