for words in "--chips 1k..0" "--chips 5..2" "--chips 8,x" "--chips 8,,9" "--chips 1..2..3" "--chips 2G" "--mode fast" \
    "--law zhang" "--knee 3" "--plan mine" "--format svg"; do
    $FLOPCAST scale specialist-70b $words --data "$DATA" 2>&1
    echo "exit $?"
done
$FLOPCAST scale --data "$DATA" 2>&1
echo "exit $?"
$FLOPCAST scale specialist-70b --set deal.mfu=0.4 --data "$DATA" 2>&1
echo "exit $?"
$FLOPCAST scale specialist-70b --chips 1,2 --data "$DATA" 2>&1
echo "exit $?"
