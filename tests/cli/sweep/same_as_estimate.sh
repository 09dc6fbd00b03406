# A row is the estimate of its study, digit for digit: the plan it chose, given back, too.
$FLOPCAST sweep codesign-70b --format jsonl --quiet >rows.jsonl
number() { grep -oE "\"$1\": [-0-9.e]+" | head -n 1 | sed 's/.*: //'; }
for row in 0 13 29; do
    line=$(sed -n "$((row + 1))p" rows.jsonl)
    model=$(printf '%s' "$line" | grep -oE '"model": "[^"]*"' | cut -d'"' -f4)
    chip=$(printf '%s' "$line" | grep -oE '"cluster.chip": "[^"]*"' | cut -d'"' -f4)
    chips=$(printf '%s' "$line" | number cluster.chips)
    $FLOPCAST estimate codesign-70b --set model=$model --set cluster.chip=$chip --set cluster.chips=$chips \
        --format json >estimate.json
    for key in time_s mfu_frac per_chip_bytes tp pp dp micro_batch; do
        here=$(printf '%s' "$line" | number $key)
        there=$(number $key <estimate.json)
        [ "$here" = "$there" ] && echo "row $row $key: same" || echo "row $row $key: $here, estimate says $there"
    done
done
