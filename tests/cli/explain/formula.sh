# what the formula says, not what the fitted numbers are: those change with every fit
$FLOPCAST explain mfu --data "$DATA" >text
sed -n 's/^\(Rule\|Formula\|Source\) .*/&/p' text
sed -n 's/^Numbers //p' text | sed 's/[0-9][0-9.,e]*/N/g'
grep -c '^  cluster.chip.peak_bf16 = 989.4 TFLOP/s \[vendor, chip h100-sxm\]' text
grep '^What would change it' text
next=$(sed -n 's/^Next: flopcast //p' text)
echo "$next"
eval "\$FLOPCAST $next --data '$DATA'" | head -n 1 | sed 's/[0-9.]*e[0-9][0-9]* FLOP/N/'
