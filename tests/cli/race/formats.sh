$FLOPCAST race race-frontier --data "$DATA" --set draws=20 --format csv | head -n 1
$FLOPCAST race race-frontier --data "$DATA" --set draws=20 --format csv | awk -F, 'NR > 1 && NF != 5 { print NR ": " NF " cells" }'
$FLOPCAST race race-frontier --data "$DATA" --set draws=20 --format md | grep -c '^|'
$FLOPCAST race race-frontier --data "$DATA" --set draws=20 --seed 1 --format json >first.json
$FLOPCAST race race-frontier --data "$DATA" --set draws=20 --seed 1 --format json >again.json
$FLOPCAST race race-frontier --data "$DATA" --set draws=20 --seed 2 --format json >other.json
cmp first.json again.json && echo "same bytes"
cmp -s first.json other.json || echo "other draws"
grep -cE '^  "(schema_version|command|verdict|leader|programmes|catch_up|changes|wait)"' first.json
