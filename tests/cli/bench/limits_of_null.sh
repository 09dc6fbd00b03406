$FLOPCAST bench --backend null --dtype fp32 -o null.json
grep -c '"kind": "elementwise"' null.json
grep -A 1 '"op": "scatter-add"' null.json | tail -n 1
grep '"drift_frac"' null.json
