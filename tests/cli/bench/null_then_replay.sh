$FLOPCAST bench --backend null --dtype fp32 -o null.json >null.txt
$FLOPCAST bench --backend replay --replay null.json --dtype fp32 -o replay.json
cmp <(grep '"seconds"' null.json) <(grep '"seconds"' replay.json) && echo "the same seconds"
