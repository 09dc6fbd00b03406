# every point's plan, given back to estimate, takes the same step bit for bit
study="llama3-8b-scaled.yaml"
cat >"$study" <<'YAML'
model: llama3-8b
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, global_batch: 512}
draws: 10
YAML
for mode in strong weak time-to-train; do
    $FLOPCAST scale "$study" --mode "$mode" --chips 8,64,400 --data "$DATA" --format csv >curve.csv
    tail -n +2 curve.csv | while IFS=, read -r chips used tp pp vpp dp cp ep etp micro batch recompute zero time_s rate mfu tokens rest; do
        plan="{tp: $tp, pp: $pp, vpp: $vpp, dp: $dp, cp: $cp, ep: $ep, micro_batch: $micro, recompute: $recompute, zero: $zero}"
        $FLOPCAST estimate "$study" --data "$DATA" --format json --set "cluster.chips=$chips" --set "plan=$plan" \
            --set "workload.global_batch=$batch" --set "workload.tokens=$tokens" >estimate.json
        again=$(grep -m 1 '"time_s"' estimate.json | tr -d ' ,' | cut -d: -f 2)
        [ "$again" = "$time_s" ] && echo "$mode $chips: same" || echo "$mode $chips: $time_s, and again $again"
    done
done
next=$($FLOPCAST scale "$study" --chips 8..1k --data "$DATA" | sed -n 's/^Next: flopcast //p')
eval "$FLOPCAST $next --data '$DATA'" | head -n 1 | grep -cE '^llama3-8b on [0-9,]+ h100-sxm: [0-9.]+ days'
