$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set draws=400 --set 'deal.usd_per_chip_h={low: 2, mid: 3, high: 4, grade: assumed, source: me}' --format json >wide.json
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set draws=400 --set deal.usd_per_chip_h=3 --format json >narrow.json
width() { sed -n '/"total_usd"/,/}/s/.*"p\([19]0\)": \([0-9.e+]*\).*/\1 \2/p' "$1" | awk '{ v[$1] = $2 } END { print v[90] / v[10] }'; }
awk -v wide="$(width wide.json)" -v narrow="$(width narrow.json)" 'BEGIN { print (wide > 1.1 * narrow ? "wider" : "not wider: " wide " " narrow) }'
grep -c '"input": "deal.usd_per_chip_h"' wide.json narrow.json
grep -o '"{low: 2, mid: 3, high: 4}"' wide.json
