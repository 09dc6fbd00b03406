# Rank 1 dies in the middle: the job ends and says so, whole rows stand in the file, and --resume gives the bytes of a run
# that nobody disturbed.
cat >study.yaml <<'YAML'
model: llama3-70b
cluster: {chip: h100-sxm, chips: 1024}
workload: {tokens: 2T, seq_len: 8192, global_batch: 1024, dtype: bf16}
stack: megatron-core
sweep:
  - deal.usd_per_chip_h: {from: 1, to: 4, steps: 100}
  - cluster.chips: [256, 512]
YAML
mpirun --oversubscribe -n 1 $FLOPCAST_MPI sweep study.yaml -o part.csv \
    : -n 1 sh -c "echo \$\$ >pid; exec $FLOPCAST_MPI" >out 2>noise &
job=$!
for _ in $(seq 600); do
    [ "$(cat part.csv 2>/dev/null | wc -l)" -gt 20 ] && break
    sleep 0.05
done
kill -KILL "$(cat pid)"
wait $job
[ $? != 0 ] && echo 'the job failed'
grep -oE 'told to end .*|exited on signal 9' noise | sed 's/item [0-9]*/item N/' | sort
rows=$(($(wc -l <part.csv) - 1))
[ $rows -ge 20 ] && [ $rows -lt 200 ] && echo 'a part of the rows'
$FLOPCAST sweep study.yaml --quiet -o whole.csv
head -n $((rows + 1)) whole.csv | cmp - part.csv && echo 'whole rows, those of an undisturbed run'
$MPI 2 $FLOPCAST_MPI sweep study.yaml --resume --quiet -o part.csv 2>noise || cat noise
cmp whole.csv part.csv && echo same
