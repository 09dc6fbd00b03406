$FLOPCAST scale specialist-70b --chips 64,128 --data "$DATA" --format csv | sed -E 's/[0-9.]*[0-9]\.[0-9]+/N/g'
$FLOPCAST scale specialist-70b --chips 64,128 --data "$DATA" --format md | sed -E 's/[0-9][0-9.,]*/N/g'
$FLOPCAST scale specialist-70b --chips 64,128 --data "$DATA" -o curve.json
grep -oE '^  "[a-z_]+"' curve.json | tr -d ' "' | tr '\n' ' '
echo
