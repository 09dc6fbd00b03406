{
    echo m,n,k,dtype,ms
    seq 5000 | sed 's/$/,64,64,fp32,1/'
} >many.csv
$FLOPCAST bench --import many.csv -o out.json
echo "exit $?"
head -c 17000000 /dev/zero | tr '\0' 1 >big.csv
$FLOPCAST bench --import big.csv -o out.json
echo "exit $?"
head -c 1000000 /dev/zero | tr '\0' , >commas.csv
$FLOPCAST bench --import commas.csv -o out.json
echo "exit $?"
$FLOPCAST bench --import nowhere.csv -o out.json
echo "exit $?"
ls out.json 2>&1 | sed 's/.*: //'
