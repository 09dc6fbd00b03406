# The kind is told by the content; files of two kinds, of none, and none at all are refused.
cd $CASES/import/studies
try() { $FLOPCAST import "$@" 2>&1 | grep -v "assumed\|not taken\|not understood"; echo "exit ${PIPESTATUS[0]}"; }
try gpt3-175b.json mixtral.sh
try $DATA/chips/h100-sxm.yaml
try run.log --kind calculon
try gpt3-175b.json --kind megatron
try gpt3-175b.json --kind foo
try gpt3-175b.json gpt3-175b.json
try execution.json
try nowhere.json
try
