for word in swiglu geglu gelu-gated relu gelu 'relu (non-gated)' 'squared_relu(non-gated)'; do
    printf '%s: ' "$word"
    "$FLOPCAST" estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format json --set "model={base: llama3-8b, ffn_type: '$word'}" |
        sed -n 's/.*"ffn_type": *\("[a-z]*"\).*/\1/p'
done
for word in MHA GQA MQA; do
    printf '%s: ' "$word"
    "$FLOPCAST" estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format json --set "model={base: llama3-8b, attention: $word}" |
        sed -n 's/.*"kv_heads": *\([0-9]*\).*/\1/p'
done
