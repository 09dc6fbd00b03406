$FLOPCAST --format csv --data "$CASES/list/data" list chips >a && $FLOPCAST list --data="$CASES/list/data" chips --format=csv >b && cmp a b && head -n 1 a
