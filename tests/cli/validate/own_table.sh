# Without a file: the table that ships.
$FLOPCAST validate --format json | grep -E '"runs_count"'
