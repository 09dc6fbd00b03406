$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format csv >out.csv
cut -d, -f1,2 out.csv
awk -F, 'NR > 1 && !($3 < $4 && $4 < $5) { print "no range: " $0 }' out.csv
