T=$CASES/import/tables
try() {
    $FLOPCAST bench --import "$@" -o out.json 2>&1
    echo "exit $?"
}
head -c 2300 "$T/all_reduce_8.txt" >cut.txt
try cut.txt
head -c 400 "$T/all_reduce_8.txt" >no_heading.txt
try no_heading.txt
sed 's/(us)/(ms)/g' "$T/all_reduce_8.txt" >units.txt
try units.txt 2>&1 | cut -c 1-40
sed 's/^\( *16384 .*-1 \) *[0-9.]* /\1     nan /' "$T/all_reduce_8.txt" >nan.txt
try nan.txt
sed 's/^\( *67108864 .*-1 \) *[0-9.]* /\1    9.99 /' "$T/all_reduce_8.txt" >garbled.txt
try garbled.txt
sed 's/all_reduce/broadcast/' "$T/all_reduce_8.txt" >broadcast.txt
try broadcast.txt
cp "$T/no_name.txt" no_name.txt
try no_name.txt
grep -v Rank "$T/all_reduce_8.txt" >no_ranks.txt
try no_ranks.txt
try "$T/all_reduce_8.txt" --ranks 4
head -c 2000 "$T/all_gather.json" >cut.json
try cut.json
echo '{"results": [{"size": 8}, {"size": 8, "out_of_place": {"time": "nan"}}], "args": ["all_reduce_perf"]}' >nan.json
try nan.json --ranks 2
echo '{"results": 3}' >three.json
try three.json
cp "$T/osu.txt" osu.txt
try osu.txt
sed 's/Allreduce/Bcast/' "$T/osu.txt" >bcast.txt
try bcast.txt
sed 's/(us)/(ms)/' "$T/osu.txt" >osu_units.txt
try osu_units.txt --ranks 2
sed '/Dtype/d' "$T/mamf_v2.txt" >no_dtype.txt
try no_dtype.txt
sed 's/4096x2048x/4096y2048x/' "$T/mamf_v2.txt" >shape.txt
try shape.txt
sed 's/float16/float4/' "$T/mamf_v2.txt" >dtype.txt
try dtype.txt
ls out.json 2>&1 | sed 's/.*: //'
