$FLOPCAST bench --backend null --budget 2s -o calibration.json --quiet >/dev/null 2>&1
test -s calibration.json || echo "no calibration.json"
$FLOPCAST estimate local-gpt2 --calibration calibration.json --data "$DATA" >text
head -n 1 text | sed 's/: .*//'
sed -n 's/^Next: flopcast //p' text >next
test -s next || echo "no next command"
grep -q -- '--calibration calibration.json' next && echo "the next command keeps the calibration"
eval "\$FLOPCAST $(cat next) --data '$DATA'" >/dev/null && echo "and works"
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --calibration calibration.json --data "$DATA" --format json | grep -A1 '"key": "calibration"'
