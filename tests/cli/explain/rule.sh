# a cause that the model sums over operations: its rule and what goes in, under the name that a script may know it by
$FLOPCAST explain step.tp_exposed_s --data "$DATA" >text
sed -n 's/^\(Rule\|Source\) .*/&/p' text
grep -c 'the rule has no shorter form$' text
grep -oE '^  plan.tp +[0-9]+' text
