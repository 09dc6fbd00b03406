# What is asked first: the best plans, the front, how many were looked at; by time, memory and cost.
$FLOPCAST search $CASES/search/study.yaml --top 3 | grep -v '^Searched in'
$FLOPCAST search $CASES/search/study.yaml --top 1 --by memory --exhaustive | grep -v '^Searched in' | head -n 9
$FLOPCAST search $CASES/search/study.yaml --top 1 --by cost | grep -v '^Searched in' | head -n 9
