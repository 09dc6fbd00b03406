/* import_megatron_rest.c: what is said of options that nothing has read. */
#include "import_megatron.h"

#include <string.h>

/* Beginnings of names that change neither time nor memory of a step: data, learning, checkpoints, logs, launchers. */
static const char *const IDLE[] = {
    "lr",
    "min-lr",
    "weight-decay",
    "clip-grad",
    "adam-",
    "sgd-",
    "muon-",
    "init-method",
    "seed",
    "data-",
    "train-data",
    "valid-data",
    "test-data",
    "split",
    "vocab-file",
    "merge-file",
    "tokenizer",
    "save",
    "load",
    "ckpt",
    "dist-ckpt",
    "no-save",
    "no-load",
    "log-",
    "eval-",
    "tensorboard",
    "wandb",
    "one-logger",
    "timing-",
    "profile",
    "exit-",
    "distributed-backend",
    "distributed-timeout",
    "master-",
    "node-rank",
    "rdzv",
    "rotary-",
    "start-weight-decay",
    "end-weight-decay",
    "num-workers",
    "override-opt",
    "use-checkpoint",
    "finetune",
    "reset-",
    "mock-data",
    "attention-softmax",
    "hysteresis",
    "loss-scale",
    "initial-loss",
    "min-loss",
    "job-name",
    "output",
    "error",
    "time",
    "partition",
    "account",
    "local-rank",
    "rank",
    "consumed-",
    "iteration",
    "check-for-nan",
    "no-check-for-nan",
    "ckpt-format",
    "async-save",
    "norm-epsilon",
    "layernorm-epsilon",
    "moe-aux-loss",
    "moe-z-loss",
    "moe-router-load-balancing",
    "moe-router-score",
    "moe-router-topk-scaling",
    "moe-router-bias-update",
    "moe-router-dtype",
    "mtp-loss",
    "calculate-per-token-loss",
    "use-rope-scaling",
    "rope-scaling",
    "apply-layernorm-1p",
    "no-rope-fusion",
    "exp-name",
    "config-logger",
    "log_",
    "kill-switch",
    "beta",
    "mscale",
    "dataloader-type",
    "fp8-amax",
    "fp8-margin",
    "first-last-layers",
    "no-query-key-layer-scaling",
    "manual-gc",
    "recompute-num-layers",
    "recompute-method",
    "recompute-modules",
    "export-",
    "inference-",
    "cpus-per-task",
    "exclusive",
    "comment",
    "mem",
    "container-",
    "ntasks",
    "gres",
    "gpus",
    "mpi",
    "label",
    "no-async-tensor",
    "use-mcore-models",
    "use-legacy-models",
    "transformer-impl",
    "spec",
    "ddp-bucket",
    "num-query-groups",
};

typedef struct reason {
    const char *name; /* a beginning, too */
    const char *why;
} reason;

/* Understood, but a plan or a stack says it in another way, or not at all. */
static const reason REASONS[] = {
    {"overlap-grad-reduce", "how much traffic hides is the stack's: stack.dp_overlap"},
    {"overlap-param-gather", "how much traffic hides is the stack's: stack.dp_overlap"},
    {"align-param-gather", "how much traffic hides is the stack's: stack.dp_overlap"},
    {"align-grad-reduce", "how much traffic hides is the stack's: stack.dp_overlap"},
    {"tp-comm-overlap", "how much traffic hides is the stack's: stack.tp_overlap"},
    {"overlap-p2p-comm", "how much traffic hides is the stack's: stack.pp_overlap"},
    {"no-overlap-p2p", "how much traffic hides is the stack's: stack.pp_overlap"},
    {"overlap-moe-expert", "how much traffic hides is the stack's: stack.ep_overlap"},
    {"delay-wgrad-compute", "how much traffic hides is the stack's: stack.ep_overlap"},
    {"moe-shared-expert-overlap", "how much traffic hides is the stack's: stack.ep_overlap"},
    {"moe-token-dispatcher-type", "experts take all-to-all"},
    {"moe-enable-deepep", "experts take all-to-all"},
    {"moe-flex-dispatcher", "experts take all-to-all"},
    {"moe-grouped-gemm", "experts are taken to run as grouped products"},
    {"moe-use-legacy", "experts are taken to run as grouped products"},
    {"moe-permute-fusion", "passes are fused as the stack's fused_kernels says"},
    {"moe-router-fusion", "passes are fused as the stack's fused_kernels says"},
    {"moe-expert-capacity-factor", "no token is dropped; the most loaded rank is stack.expert_imbalance"},
    {"moe-token-drop", "no token is dropped; the most loaded rank is stack.expert_imbalance"},
    {"moe-pad-expert", "no token is dropped; the most loaded rank is stack.expert_imbalance"},
    {"moe-router-padding", "rows of experts are not padded"},
    {"moe-router-force", "the most loaded rank is stack.expert_imbalance"},
    {"moe-layer-recompute", "a plan recomputes the attention core or the whole layer"},
    {"distribute-saved-activations", "checkpoints are not split over tensor ranks"},
    {"decoder-first-pipeline-num-layers", "layers are spread evenly over stages"},
    {"decoder-last-pipeline-num-layers", "layers are spread evenly over stages"},
    {"pipeline-model-parallel-layout", "layers are spread evenly over stages"},
    {"account-for-embedding", "layers are spread evenly over stages"},
    {"account-for-loss", "layers are spread evenly over stages"},
    {"microbatch-group-size", "chunks are interleaved by as many micro-batches as there are stages"},
    {"rampup-batch-size", "every step has the full batch"},
    {"decrease-batch-size", "every step has the full batch"},
    {"fp8-param-gather", "weights are gathered in 16 bits"},
    {"keep-fp8-transpose", "weights are gathered in 16 bits"},
    {"cp-comm-type", "context ranks pass keys and values around"},
    {"hierarchical-context", "context ranks pass keys and values around"},
    {"use-flash-attn", "flash attention is the stack's habit: stack.flash_attention"},
    {"no-masked-softmax-fusion", "passes are fused as the stack's fused_kernels says"},
    {"no-bias-gelu-fusion", "passes are fused as the stack's fused_kernels says"},
    {"no-bias-swiglu-fusion", "passes are fused as the stack's fused_kernels says"},
    {"no-bias-dropout-fusion", "passes are fused as the stack's fused_kernels says"},
    {"bias-swiglu-fusion", "passes are fused as the stack's fused_kernels says"},
    {"no-gradient-accumulation-fusion", "how gradients are added is the stack's: stack.grad_add"},
    {"gradient-accumulation-fusion", "how gradients are added is the stack's: stack.grad_add"},
    {"squared-relu", "an activation costs the same whatever its form"},
    {"openai-gelu", "an activation costs the same whatever its form"},
    {"sharp-enabled-group", "switches that add up are the cluster's: in_network_reduction of its tiers"},
    {"use-sharp", "switches that add up are the cluster's: in_network_reduction of its tiers"},
    {"nccl-ub", "how fast collectives go is the chip's and the cluster's"},
    {"nccl-communicator-config", "how fast collectives go is the chip's and the cluster's"},
    {"standalone-embedding-stage", "the first stage holds the embedding"},
    {"expert-tensor-parallel-size", "the model has no experts"},
    {"cross-entropy-fusion-impl", "a fused loss takes one pass each way"},
    {"cuda-graph", "graphs are taken to cover the whole step: stack.cuda_graphs"},
};

static bool is_idle(const char *name) {
    for (size_t i = 0; i < sizeof IDLE / sizeof IDLE[0]; i++) {
        if (fc_text_starts(name, IDLE[i])) {
            return true;
        }
    }
    return false;
}

static const char *reason_for(const char *name) {
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++) {
        if (fc_text_starts(name, REASONS[i].name)) {
            return REASONS[i].why;
        }
    }
    return NULL;
}

/* A dump lists what is off, too: that says nothing. */
static bool is_off(const fc_given *given) {
    static const char *const words[] = {"false", "False", "null", "None", "", "[]", "0", "0.0", "none"};
    for (size_t i = 0; given->of_dump && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(given->value, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Names without effect stand together, file by file, so that they do not hide the others. */
static void remark_idle(fc_megatron *in) {
    fc_text names = fc_text_start(in->draft->arena);
    fc_place place = {NULL, 0, 0};
    for (const fc_given *given = in->given->first; given != NULL; given = given->next) {
        bool idle = !given->used && given->name[0] != '$' && reason_for(given->name) == NULL && is_idle(given->name) &&
                    !is_off(given);
        if (!idle) {
            continue;
        }
        if (names.size > 0 && (given->place.source != place.source || names.size > 300)) {
            fc_draft_remark(in->draft, FC_REMARK_IDLE, place, "%s", names.bytes);
            names = fc_text_start(in->draft->arena);
        }
        place = (fc_place){given->place.source, 0, 0};
        fc_text_addf(&names, "%s%s%.60s (line %d)", names.size > 0 ? ", " : "", fc_given_dashes(given), given->name,
                     given->place.line);
        in->draft->failed = in->draft->failed || names.failed;
    }
    if (names.size > 0 && !names.failed) {
        fc_draft_remark(in->draft, FC_REMARK_IDLE, place, "%s", names.bytes);
    }
}

void fc_megatron_leftovers(fc_megatron *in) {
    for (const fc_given *given = in->given->first; given != NULL; given = given->next) {
        if (given->used || given->name[0] == '$' || is_off(given)) {
            continue;
        }
        const char *why = reason_for(given->name);
        if (why == NULL && is_idle(given->name)) {
            continue;
        }
        fc_draft_remark(in->draft, why != NULL ? FC_REMARK_NO_PLACE : FC_REMARK_UNKNOWN, given->place,
                        "%s%.64s%s%.80s%s%s", fc_given_dashes(given), given->name, given->value[0] != '\0' ? " " : "",
                        given->value, why != NULL ? ": " : "", why != NULL ? why : "");
    }
    remark_idle(in);
}
