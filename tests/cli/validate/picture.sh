# The same bytes twice; names are escaped.
$FLOPCAST validate "$CASES/validate/runs.csv" --format svg >a.svg
$FLOPCAST validate "$CASES/validate/runs.csv" -o b.svg
cmp a.svg b.svg && head -c 4 a.svg && echo && tail -n 1 a.svg && grep -o 'odd &lt;&amp;&gt; one' a.svg && grep -c '<circle' a.svg
