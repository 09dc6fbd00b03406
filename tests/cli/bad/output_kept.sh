echo old >out.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set cluster.chips=0 -o out.json
echo "exit $?"
cat out.json
ls
