# Each is refused in a sentence with its line, and no file is left behind.
T=$CASES/import/tables
try() {
    printf '%b' "$1" >t.csv
    $FLOPCAST bench --import t.csv -o out.json 2>&1
    echo "exit $?"
}
head='m,n,k,dtype,seconds\n'
try "${head}1,2,3,bf16,nan\n"
try "${head}1,2,3,bf16,inf\n"
try "${head}1,2,3,bf16,-1\n"
try "${head}1,2,3,bf16,0x10\n"
try "${head}1,2,3,bf61,1\n"
try "${head}1.5,2,3,bf16,1\n"
try "${head}0,2,3,bf16,1\n"
try "${head}1e30,2,3,bf16,1\n"
try "${head}4e9,4e9,4e9,bf16,1\n"
try "${head}8192,8192,8192,bf16,1e-12\n"
try "${head}1,2,3,bf16,1e300\n"
try "${head}1,2,3,bf16\n"
try "${head}1,2,3,bf16,\"1\n"
try "${head}1,2,3,bf16,1\n"
try "${head}"
try 'm,n,k,dtype,minutes\n1,2,3,bf16,1\n'
try 'm,n,k,dtype,s,ms\n1,2,3,bf16,1,1\n'
try 'm,n,k,seconds\n1,2,3,1\n'
try 'm,n,dtype,seconds\n1,2,bf16,1\n'
try ''
try 'a\x00b'
try 'hello, world\n'
try 'hello\n'
ls out.json 2>&1 | sed 's/.*: //'
