$FLOPCAST estimate moe-100t-rainier --data "$DATA" >text
head -n 2 text | grep -c EXTRAPOLATION
head -n 1 text | grep -oE '[0-9.]+ days' | tr -d '.a-z ' | sed 's/^0*//; s/0*$//' | awk 'length > 2 { print "more than two digits: " $0 }'
