$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set 'plan={tp: 2, pp: 2, dp: 16, cp: 1, ep: 1, vpp: 1, micro_batch: 1, recompute: selective, zero: 1}' --format json |
    sed -n '/^  "plan": {/,/^  }/p' | grep -v '_count": [0-9]*,*$'
