$FLOPCAST help show >a && $FLOPCAST show --help >b && $FLOPCAST -h show x y >c && cmp a b && cmp a c && echo same
