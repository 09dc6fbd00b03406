# What is exported and imported again is the same plan, bit for bit; etp 0 is written out as what it stands for.
keys() { grep -A18 '^  "plan": {' | grep -v '"etp"\|"given"\|"tried_count"\|"fitting_count"'; }
for s in gpt3 moe; do
    $FLOPCAST estimate $CASES/export/$s.yaml --set plan.vpp=1 --format megatron -o $s.sh
    bash -n $s.sh
    $FLOPCAST import --quiet $s.sh -o back.yaml
    for study in $CASES/export/$s.yaml back.yaml; do
        $FLOPCAST estimate $study --set plan.vpp=1 --format json -o out.json
        { keys <out.json; grep -m1 '"time_s":' out.json; grep -m1 '"per_chip_bytes"' out.json; } >$(basename $study).keys
    done
    cmp $s.yaml.keys back.yaml.keys && wc -l <back.yaml.keys
done
