# The page without its numbers and its order of worst rows: those are the step model's.
$FLOPCAST validate "$CASES/validate/runs.csv" >out
sed '/^Worst rows/,/^Suspect/d' out | sed -E '/^  odd/d; s/ [-+]?[0-9]+\.[0-9]/ E/g; s/holds [0-9]+ %/holds N %/; s/ +/ /g'
sed -n '/^Worst rows/,/^Suspect/p' out | grep -oE 'tp [0-9].*' | sort
