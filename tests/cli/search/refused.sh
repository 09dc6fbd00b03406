# Each mistake is told with its place and what is allowed.
try() { $FLOPCAST search "$@"; echo "exit $?" >&2; }
study=$CASES/search/study.yaml
try $study --set 'space={tp: [1, x]}'
try $study --set 'space={ttp: 4}'
try $study --set 'space={pp: {least: 4}}'
try $study --set 'space={schedule: {min: 1}}'
try $study --set 'space=wider'
try $study --set 'space={tp: [5]}'
try $study --set 'space={dp: 7}'
try $study --set deal.mfu=0.4
try $study --set model=llama3-405b --set cluster.chips=2
try $study --deadline 1h
try $study --deadline soon
try $study --by luck
try $study --engine gpu
try $study --why tp
try $study --top 0
