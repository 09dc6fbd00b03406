try() { $FLOPCAST sweep "$@" 2>&1 | sed "s/ shows the .*//"; echo "exit ${PIPESTATUS[0]}"; }
try
try local-gpt2
try trn2-vs-220k
try no-such-study
try codesign-70b --format json
try codesign-70b -o out.md
try codesign-70b --threads 0
try codesign-70b --set cluster.chips=64
try codesign-70b --axes missing.yaml
try codesign-70b -o no/such/folder/x.csv
