$FLOPCAST compare "$CASES/bad/data/deals.yaml" --data "$DATA" >text
head -n 1 text | grep -cE '^Programme view, bf16: (a|b) trains [0-9.]+ times as fast as (a|b) .*% of draws'
for view in Sheet Job Programme; do grep -c "^$view view: " text; done
tail -n 1 text | grep -c '^Next: flopcast compare '
awk 'length > 110 && /^ / { print "long: " $0 }' text
