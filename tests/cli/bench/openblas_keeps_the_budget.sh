# The time of everything, starting again included; a busy machine may leave the timings unstable, which is no failure.
limit_ms=4400
budget=4s
case $FLOPCAST in *valgrind*) limit_ms=400000 budget=1s ;; esac # there only memory errors are looked for
begin=$(date +%s%N)
$FLOPCAST bench --backend openblas --dtype fp32 --budget $budget --quiet -o cal.json >out.txt 2>err.txt
status=$?
spent_ms=$((($(date +%s%N) - begin) / 1000000))
[ $status -eq 0 ] || [ $status -eq 6 ] || { cat err.txt; exit 1; }
[ $spent_ms -le $limit_ms ] && echo "within a tenth of the budget" || echo "$spent_ms ms"
head -n 1 out.txt
$FLOPCAST bench --replay cal.json -o replay.json >replay.txt 2>&1
[ $? -eq $status ] || cat replay.txt # a recording is as stable as what was recorded
