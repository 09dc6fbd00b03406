# Bounds of the study, limits of the command line, and a plan key that fixes its axis.
search() { $FLOPCAST search $CASES/search/study.yaml --top 1 --format csv "$@" | tail -n 1; }
search --set 'space={tp: [4], pp: {min: 2, max: 4}, micro_batch: 1}'
search --set 'space={kind: wide, schedule: zero-bubble, pp: 4, offload_optimizer: false, dtype: bf16}'
search --set 'space={global_batch: {min: 64, max: 256}}'
search --set 'plan={tp: 2, zero: 3}'
search --max-chips 16
search --set 'space={chips: {min: 8, max: 24}}'
search --deadline 60d
