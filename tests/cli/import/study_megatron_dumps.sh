cd $CASES/import/studies
$FLOPCAST import dump.yaml --set cluster.chip=h100-sxm | tail -n +2
$FLOPCAST import run.log --set cluster.chip=a100-sxm-80gb | tail -n +2
