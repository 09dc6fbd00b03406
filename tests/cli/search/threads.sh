# Any number of threads gives the same bytes, and so do bounds: the plans, the front of an exhaustive search, the counts.
mask() { grep -vE '"(elapsed_s|plans_per_s)"'; }
$FLOPCAST search $CASES/search/study.yaml --format json --threads 1 | mask >one.json
$FLOPCAST search $CASES/search/study.yaml --format json --threads 3 | mask >three.json
cmp one.json three.json && echo the same with three threads
$FLOPCAST search $CASES/search/study.yaml --format csv >pruned.csv
$FLOPCAST search $CASES/search/study.yaml --format csv --exhaustive >exhaustive.csv
cmp pruned.csv exhaustive.csv && echo the same plans without bounds
grep -E '"(tried|evaluated|infeasible|pruned|over_limit)_count"' one.json | grep -v '^   '
cat pruned.csv
