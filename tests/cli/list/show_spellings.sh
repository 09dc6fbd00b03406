for name in chips/ALPHA_1 'chips/Alpha 1' chips/alpha1 alpha 'alpha one'; do $FLOPCAST show "$name" --data "$CASES/list/data" | head -n 1; done
