for kind in $($FLOPCAST list --data "$DATA" --format csv | tail -n +2 | cut -d, -f1); do
    $FLOPCAST list $kind --data "$DATA" --format json >list.json || echo "failed: $kind"
    head -c 1 list.json | grep -q '\[' || echo "$kind: no array"
    names=$(grep -c '"name":' list.json)
    entries=$($FLOPCAST list $kind --data "$DATA" --format csv | tail -n +2 | wc -l)
    [ "$names" = "$entries" ] && [ "$names" -gt 0 ] || echo "$kind: $names names of $entries entries"
done
echo "all kinds listed"
