$FLOPCAST bench --backend null --dtype fp32 -o null.json >null.txt
$FLOPCAST verify --calibration null.json
