$FLOPCAST import -- --num-layers 24 --hidden-size 1024 --num-attention-heads 16 --seq-length 1024 \
    --max-position-embeddings 1024 --micro-batch-size 4 --global-batch-size 64 --world-size 8 --vocab-size 50257 --bf16 -- >a.yaml
$FLOPCAST import "--num-layers 24 --hidden-size 1024" 2>&1
$FLOPCAST import -- "--num-layers 24 --hidden-size 1024" 2>&1
$FLOPCAST estimate a.yaml | grep -c "plan  *tp 1 x pp 1 x cp 1 x dp 8 = 8 chips"
