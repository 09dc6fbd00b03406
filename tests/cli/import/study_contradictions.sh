# Each is refused with file, line and value.
S=$CASES/import/studies
edit() { sed "$2" $S/$1 >$1; }
try() { $FLOPCAST import --quiet "$@" >/dev/null; echo "exit $?" >&2; }
cp $S/*.json .
edit execution.json 's/"num_procs": 512/"num_procs": 500/' && try gpt3-175b.json execution.json
edit execution.json 's/"batch_size": 512/"batch_size": 500/' && try gpt3-175b.json execution.json
edit execution.json 's/"tensor_par": 8/"tensor_par": -8/' && try gpt3-175b.json execution.json
edit execution.json 's/"rs_ag"/"ar"/' && try gpt3-175b.json execution.json
edit execution.json 's/"training": true/"training": false/' && try gpt3-175b.json execution.json
edit execution.json 's/"attn_only"/"some"/' && try gpt3-175b.json execution.json
edit execution.json 's/_interleaving": 3/_interleaving": 24/' && try gpt3-175b.json execution.json
cp $S/execution.json .
edit gpt3-175b.json 's/"attn_heads": 96/"attn_heads": 90/' && try gpt3-175b.json execution.json
edit gpt3-175b.json 's/"num_blocks"/"blocks"/' && try gpt3-175b.json execution.json
edit mixtral.sh 's/^TP=2/TP=3/' && try mixtral.sh
edit mixtral.sh 's/--lr 1e-4 --bf16/--lr 1e-4 --bf16 --fp16/' && try mixtral.sh
edit mixtral.sh 's/--global-batch-size 256/--global-batch-size 250/' && try mixtral.sh
edit mixtral.sh 's/--moe-router-topk 2/--moe-router-topk 9/' && try mixtral.sh
edit mixtral.sh 's/--moe-grouped-gemm/--moe-layer-freq [1]*31/' && try mixtral.sh
edit mixtral.sh 's/--moe-grouped-gemm/--num-layers 64/' && try mixtral.sh
edit mixtral.sh 's/granularity selective/granularity half/' && try mixtral.sh
edit mixtral.sh 's/--moe-grouped-gemm/--hybrid-override-pattern M-M*/' && try mixtral.sh
