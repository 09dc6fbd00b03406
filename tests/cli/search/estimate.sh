# A plan that search tells, given to estimate, takes the same seconds and bytes.
numbers() { sed -n 's/^ *"\(step_\)*time_s": \([0-9.e-]*\),*$/time_s \2/p; s/^ *"per_chip_bytes": \([0-9.e-]*\),*$/bytes \1/p'; }
$FLOPCAST search $CASES/search/study.yaml --set space=wide --top 2 --format json >found.json
sed -n 's/^        "estimate_options": "\(.*\)",$/\1/p' found.json >options
while read -r options; do
    eval "$FLOPCAST estimate $CASES/search/study.yaml $options --format json" >answer.json
    sed -n '/^  "step": {/,/"time_range_s"/p' answer.json | numbers
    sed -n '/^  "memory": {/,/"capacity_bytes"/p' answer.json | numbers
done <options >estimated
sed -n '/^      "search": {/,/^      }/p' found.json | numbers >searched
cmp searched estimated && cat estimated
