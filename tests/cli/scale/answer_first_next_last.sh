$FLOPCAST scale specialist-70b --mode strong --chips 8..1k --data "$DATA" >text
head -n 1 text | grep -cE '^The knee of llama3-70b \(strong\) is at [0-9,]+ h100-sxm: .*less than 1.5 times faster .*What eats it on the way to [0-9,]+: '
sed -n 2p text | grep -cE '^Latency wall: however many chips, a step of 128 sequences takes [0-9.]+ m?s or more '
sed -n 3p text | grep -cE '^What would change it, at [0-9,]+ chips: .* makes it [0-9.]+ times faster'
tail -n 1 text | grep -c '^Next: flopcast estimate specialist-70b --set cluster.chips='
grep -cE '^ +up to (8|16|32) chips: no plan fits' text
awk '/ $/ { print "space at its end: " $0 }' text
