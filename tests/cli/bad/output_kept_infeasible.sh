echo old >out.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set model=llama3-405b -o out.json
echo "exit $?"
cat out.json
ls
