# A calibration that ships with the program goes by its name; a file of that name in this folder comes first.
$FLOPCAST estimate local-gpt2 --data "$DATA" --calibration reference-cpu | head -n 1
$FLOPCAST estimate local-gpt2 --data "$DATA" --calibration reference-gpu
echo "exit $?"
printf '{}' >reference-cpu
$FLOPCAST estimate local-gpt2 --data "$DATA" --calibration reference-cpu
echo "exit $?"
