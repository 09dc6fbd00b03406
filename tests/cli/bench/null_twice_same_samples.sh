$FLOPCAST bench --backend null --seed 3 --format csv -o a.json >a.csv
$FLOPCAST bench --backend null --seed 3 --format csv -o b.json >b.csv
cmp a.csv b.csv && cmp <(grep -v taken_at a.json) <(grep -v taken_at b.json) && head -n 2 a.csv
