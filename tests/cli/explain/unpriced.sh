$FLOPCAST explain usd_per_mtoken local-gpt2 --data "$DATA" --calibration reference-cpu
