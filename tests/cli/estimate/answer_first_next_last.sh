$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" >text
head -n 1 text | grep -cE '^llama3-8b on 64 h100-sxm: [0-9.]+ days .*MFU [0-9.]+ %'
tail -n 1 text | grep -c '^Next: flopcast estimate '
grep -c '^Biggest lever: ' text
awk 'length > 100 && /^ / { print "long: " $0 }' text
awk '/ $/ { print "space at its end: " $0 }' text
