$FLOPCAST verify --calibration cal.json --cases huge
