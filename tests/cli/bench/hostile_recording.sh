printf '{"schema_version": 1, "samples": [{"kind": "matmul", "dtype": "fp32", "m": 1, "n": 1, "k": 1, "seconds": -1}]}' >x.json
$FLOPCAST bench --replay x.json
