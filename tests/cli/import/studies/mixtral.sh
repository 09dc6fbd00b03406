#!/bin/bash
#SBATCH --job-name=mixtral
# A script as users have them: arrays, variables, quotes, continuations. Not run by the tests.
GPUS_PER_NODE=8
NNODES=${SLURM_NNODES:-"16"}
WORLD_SIZE=$((GPUS_PER_NODE * NNODES))
TP=2

MODEL_ARGS=(
    --num-layers 32
    --hidden-size 4096
    --ffn-hidden-size=14336
    --num-attention-heads 32
    --group-query-attention --num-query-groups 8
    --swiglu --normalization RMSNorm --disable-bias-linear
    --position-embedding-type rope --max-position-embeddings 32768 --seq-length 4096
    --untie-embeddings-and-output-weights --tokenizer-type Llama2Tokenizer
    --attention-dropout 0.0 --hidden-dropout 0.0
)
MOE_ARGS=(--num-experts 8 --moe-router-topk 2 --moe-grouped-gemm --expert-model-parallel-size 8
    --expert-tensor-parallel-size 1)
TRAIN_ARGS="
    --micro-batch-size 1 \
    --global-batch-size 256 \
    --train-iters 100000 --lr 1e-4 --bf16
"
torchrun --nproc_per_node $GPUS_PER_NODE --nnodes $NNODES pretrain_gpt.py \
    "${MODEL_ARGS[@]}" ${MOE_ARGS[@]} $TRAIN_ARGS \
    --tensor-model-parallel-size $TP --pipeline-model-parallel-size 4 --sequence-parallel \
    --use-distributed-optimizer --overlap-grad-reduce \
    --recompute-granularity selective --save "$1" --flux-capacitor "88 mph"
