/* results.c: the names of causes, as they stand in JSON keys and tables. */
#include "flopcast/results.h"

static const char *const memory_names[FC_MEMORY_CAUSE_COUNT] = {
    "weights", "grads",     "master", "optimizer",     "activations", "logits",
    "buffers", "attention", "expert", "communication", "reserve",
};

static const char *const step_names[FC_STEP_CAUSE_COUNT] = {
    "matmul", "attention", "memory_bound", "launch", "recompute", "first_touch", "tensor",
    "expert", "context",   "pipeline",     "bubble", "data",      "optimizer",   "straggler",
};

const char *fc_memory_cause_name(fc_memory_cause cause) {
    return (unsigned)cause < FC_MEMORY_CAUSE_COUNT ? memory_names[cause] : "unknown";
}

const char *fc_step_cause_name(fc_step_cause cause) {
    return (unsigned)cause < FC_STEP_CAUSE_COUNT ? step_names[cause] : "unknown";
}
