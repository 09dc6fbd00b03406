cd $CASES/export
$FLOPCAST estimate gpt3.yaml --format calculon
$FLOPCAST estimate gpt3.yaml --format calculon --part application --quiet
$FLOPCAST estimate llama.yaml --set plan.cp=1 --set plan.dp=32 --format calculon --part application
for s in llama moe; do $FLOPCAST estimate $s.yaml --format calculon; echo "exit $?"; done
$FLOPCAST estimate gpt3.yaml --format calculon --part system
$FLOPCAST estimate gpt3.yaml --part execution
