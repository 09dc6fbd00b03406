cp "$CASES/bad/data/run.yaml" 'my study.yaml'
for study in 'my study.yaml' llama3-405b-16k-h100 moe-100t-rainier specialist-70b; do
    next=$($FLOPCAST estimate "$study" --data "$DATA" --set draws=50 | sed -n 's/^Next: flopcast //p')
    [ -n "$next" ] || echo "no next command for $study"
    eval "\$FLOPCAST $next --data '$DATA'" >after || echo "failed: $next"
    head -n 1 after | sed 's/:.*//'
done
