$FLOPCAST race race-frontier --data "$DATA" --by 2020-01-01 2>&1 || echo "exit $?"
$FLOPCAST race race-frontier --data "$DATA" --by soon 2>&1 || echo "exit $?"
$FLOPCAST race race-frontier --data "$DATA" --set programmes.openai.share=1.2 2>&1 || echo "exit $?"
$FLOPCAST race race-frontier --data "$DATA" --set programmes.openai.usd_per_chip_h=-1 2>&1 || echo "exit $?"
$FLOPCAST race race-frontier --data "$DATA" --set programmes.openai.lots.0.date=2020-01-01 2>&1 || echo "exit $?"
$FLOPCAST race race-frontier --data "$DATA" --set leader=nobody 2>&1 || echo "exit $?"
$FLOPCAST estimate race-frontier --data "$DATA" 2>&1 | sed 's|^.*/race-frontier.yaml|race-frontier.yaml|'
