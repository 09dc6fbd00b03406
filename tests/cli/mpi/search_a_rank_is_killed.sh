# Rank 1 dies in the middle: the job ends and says so, what is done stands in the file, and --resume gives the bytes of a
# search that nobody disturbed.
mask() { grep -vE '"(elapsed_s|plans_per_s)"'; }
{ cat $CASES/search/study.yaml; echo 'space: {kind: wide, pp: [1, 2], dtype: bf16}'; } >study.yaml
study='study.yaml --exhaustive'
mpirun --oversubscribe -n 1 $FLOPCAST_MPI search $study --journal part.parts \
    : -n 1 sh -c "echo \$\$ >pid; exec $FLOPCAST_MPI" >out 2>noise &
job=$!
for _ in $(seq 3000); do
    [ "$(cat part.parts 2>/dev/null | wc -l)" -gt 3 ] && break
    sleep 0.01
done
kill -KILL "$(cat pid)"
wait $job
[ $? != 0 ] && echo 'the job failed'
grep -oE 'told to end .*|exited on signal 9' noise | sed 's/item [0-9]*/item N/' | sort
$MPI 2 $FLOPCAST_MPI search $study --journal whole.parts -o whole.json 2>noise || cat noise
lines=$(wc -l <part.parts)
[ $lines -gt 3 ] && [ $lines -lt $(wc -l <whole.parts) ] && echo 'a part of the pieces'
cmp <(head -n $lines whole.parts) <(head -n $lines part.parts) && echo 'those of an undisturbed search'
$MPI 3 $FLOPCAST_MPI search $study --journal part.parts --resume --quiet -o part.json 2>noise || cat noise
cmp whole.parts part.parts && cmp <(mask <whole.json) <(mask <part.json) && echo same
