# Cut in the heading, at its end, inside a row, inside a mark, at a row's end, nowhere; both formats.
cat >study.yaml <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512, dtype: bf16}
sweep: {cluster.chips: {from: 64, to: 320, steps: 5}}
YAML
for format in csv jsonl; do
    $FLOPCAST sweep study.yaml -o whole.$format
    size=$(wc -c <whole.$format)
    first=$(head -n 1 whole.$format | wc -c)
    for cut in 0 1 $((first - 1)) $first $((first + 1)) $((first + 20)) $((first + 200)) $((size - 1)) $size; do
        head -c $cut whole.$format >part.$format
        $FLOPCAST sweep study.yaml --resume --quiet -o part.$format || echo "exit $?"
        cmp whole.$format part.$format && echo "$format: same"
    done
done
rm part.csv
$FLOPCAST sweep study.yaml --resume -o part.csv && cmp whole.csv part.csv && echo "begun: same"
