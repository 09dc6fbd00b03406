cd $CASES/import/studies
# Another scale-up domain changes that key alone; a chip that is not in the catalogue is written out.
$FLOPCAST import --quiet gpt3-175b.json execution.json a100-16.json | sed -n "/^cluster/,/^workload/p"
$FLOPCAST import --quiet gpt3-175b.json execution.json other.json -o "$OLDPWD/other.yaml" && sed -n "/^cluster/,/^workload/p" "$OLDPWD/other.yaml"
$FLOPCAST estimate "$OLDPWD/other.yaml" | grep -o "on 512 other"
