# What is wrong with a plan of yours: slower, too big, impossible.
$FLOPCAST search $CASES/search/study.yaml --why tp=8,pp=2 | sed -n '/^With/,/^$/p'
$FLOPCAST search $CASES/search/study.yaml --why tp=1,pp=1,zero=0,recompute=none,micro_batch=8 | sed -n '/^With/,/^$/p'
$FLOPCAST search $CASES/search/study.yaml --why tp=5 | sed -n '/^With/,/^$/p'
$FLOPCAST search $CASES/search/study.yaml --why pp=4,vpp=16 | sed -n '/^With/,/^$/p'
$FLOPCAST search $CASES/search/study.yaml --why dp=7 | sed -n '/^With/,/^$/p'
