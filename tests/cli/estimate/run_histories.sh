# the same seed, the same histories; another seed, others
ask() { $FLOPCAST estimate llama3-405b-16k-h100 --data "$DATA" --set run.histories=50 "$@" | grep -o 'luck alone.*' ; }
ask >one
ask >two
cmp one two && ask --seed 7 | cmp -s one - || echo "other seed, other luck"
cat one
