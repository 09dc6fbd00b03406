# a million chips and more, plan kept or not; the same bytes each time
$FLOPCAST scale llama3-405b-16k-h100 --chips 1k..1M --mode strong --data "$DATA" --set draws=10 >one
$FLOPCAST scale llama3-405b-16k-h100 --chips 1k..1M --mode strong --data "$DATA" --set draws=10 >two
cmp one two && echo same
grep -oE '^ +[0-9,]+[* ] +(all|[0-9,]+) +2,048 ' one
grep -c -- '--plan given keeps it' one
$FLOPCAST scale llama3-405b-16k-h100 --chips 100,1024,16384 --plan given --data "$DATA" --set draws=10 |
    grep -oE '(tp 8 pp 16 .* dp [0-9]+|up to 100 chips.*takes 128 chips)'
