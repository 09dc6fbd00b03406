cp "$CASES"/import/tables/osu.txt .
$FLOPCAST bench --import osu.txt --ranks 16 -o out.json
grep -c '"kind": "collective"' out.json
