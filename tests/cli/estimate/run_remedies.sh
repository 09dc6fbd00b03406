$FLOPCAST estimate dense-1t-walls --data "$DATA" | grep -A 8 'luck alone'
$FLOPCAST estimate dense-1t-walls --data "$DATA" --format json | grep -A 3 '"remedies": \[$' | grep -v fits | head -n 4
