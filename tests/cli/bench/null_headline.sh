$FLOPCAST bench --backend null
test -s calibration.json && echo "calibration.json is there"
