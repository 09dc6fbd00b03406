for study in "$CASES/bad/data/deals.yaml" trn2-vs-220k anthropic-vs-openai; do
    next=$($FLOPCAST compare "$study" --data "$DATA" --set draws=200 | sed -n 's/^Next: flopcast //p')
    eval "\$FLOPCAST $next --data '$DATA'" >after || echo "failed: $next"
    head -n 1 after | cut -c 1-20
done
