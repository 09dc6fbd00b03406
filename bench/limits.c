/* limits.c: what the device can do at most, beside what its library reaches: arithmetic on registers, bandwidth of each
 * cache and of memory, launches, and the operations of a transformer that memory bounds. */
#include "state.h"

#include <math.h>
#include <string.h>

/* Share of the budget for all of them, and the most seconds that help one. What comes first in the plan is what a short
 * budget still measures. */
#define LIMITS_BUDGET_FRAC 0.25
#define CASE_MOST_S 0.5
/* Multiply-adds of a ceiling, a side: 12 sums of the widest vectors divide its cube. */
#define CEILING_SIDE 384
#define CACHE_LEVELS 3
/* On a card: 32,768 tokens at once, and arrays of 4 GiB together at most. */
#define LARGE_FACTOR 16
#define MOST_SWEEP_KIB (4.0 * 1024.0 * 1024.0)
#define MOST_LIMITS 192

typedef struct limit_plan {
    fc_sample samples[MOST_LIMITS];
    uint32_t count;
} limit_plan;

static fc_sample *add(limit_plan *plan, fc_sample_kind kind, fc_memory_op op, fc_dtype dtype, uint32_t threads) {
    fc_sample *sample = &plan->samples[plan->count < MOST_LIMITS ? plan->count++ : MOST_LIMITS - 1];
    memset(sample, 0, sizeof *sample);
    sample->kind = kind;
    sample->memory_op = op;
    sample->dtype = dtype;
    sample->threads = threads;
    sample->batch = 1;
    return sample;
}

static void add_ceilings(limit_plan *plan, uint32_t dtypes, uint32_t threads) {
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if ((dtypes & (1U << dtype)) != 0) {
            fc_sample *sample = add(plan, FC_SAMPLE_CEILING, FC_MEMORY_OP_NONE, (fc_dtype)dtype, threads);
            sample->m = CEILING_SIDE;
            sample->n = CEILING_SIDE;
            sample->k = CEILING_SIDE;
        }
    }
}

/* A micro-batch of 2,048 tokens at hidden size 1,024; softmax over 1,024 keys for 4 heads; 4 million parameters; a
 * vocabulary of 32,768. What changes its arrays in place comes last, since they are then filled anew. `factor` times as
 * many rows, for devices that such a micro-batch leaves half idle. */
static void add_elementwise(limit_plan *plan, fc_dtype dtype, uint32_t factor, uint32_t threads) {
    static const struct {
        fc_memory_op op;
        uint32_t m;
        uint32_t k;
    } cases[] = {
        {FC_MEMORY_OP_LAYER_NORM, 2048, 0}, {FC_MEMORY_OP_RMS_NORM, 2048, 0}, {FC_MEMORY_OP_SOFTMAX, 4096, 0},
        {FC_MEMORY_OP_GELU, 2048, 0},       {FC_MEMORY_OP_SWIGLU, 2048, 0},   {FC_MEMORY_OP_RESIDUAL_ADD, 2048, 0},
        {FC_MEMORY_OP_GATHER, 2048, 32768}, {FC_MEMORY_OP_ADAM, 4096, 0},     {FC_MEMORY_OP_SCATTER_ADD, 2048, 32768}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fc_sample *sample = add(plan, FC_SAMPLE_ELEMENTWISE, cases[i].op, dtype, threads);
        sample->m = factor * cases[i].m;
        sample->n = 1024;
        sample->k = cases[i].k;
    }
}

static const fc_memory_op streams[] = {FC_MEMORY_OP_TRIAD, FC_MEMORY_OP_COPY, FC_MEMORY_OP_READ, FC_MEMORY_OP_WRITE};
#define STREAMS_COUNT (sizeof streams / sizeof streams[0])

static void add_level(limit_plan *plan, uint32_t level, uint32_t threads) {
    for (size_t i = 0; i < STREAMS_COUNT; i++) {
        add(plan, FC_SAMPLE_MEMORY, streams[i], FC_DTYPE_FP64, threads)->level = level;
    }
}

/* A device of its own memory: bandwidth at sizes from a part of its cache to far beyond it, a launch that is waited for,
 * and elementwise operations in the formats that it trains in. */
static void add_device(limit_plan *plan, const fc_bench_state *state) {
    static const double cache_fractions[] = {0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0};
    static const fc_dtype dtypes[] = {FC_DTYPE_FP32, FC_DTYPE_BF16, FC_DTYPE_FP16};
    add(plan, FC_SAMPLE_LAUNCH, FC_MEMORY_OP_WAIT, FC_DTYPE_FP32, 0);
    for (size_t i = 0; i < sizeof cache_fractions / sizeof cache_fractions[0]; i++) {
        double kib = cache_fractions[i] * state->info.cache_bytes / 1024.0;
        for (size_t op = 0; op < STREAMS_COUNT && kib >= 1.0 && kib < MOST_SWEEP_KIB; op++) {
            add(plan, FC_SAMPLE_MEMORY, streams[op], FC_DTYPE_FP64, 0)->m = (uint32_t)kib;
        }
    }
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (dtypes[i] != FC_DTYPE_FP32 && (state->options->dtypes & (1U << dtypes[i])) != 0) {
            add_elementwise(plan, dtypes[i], 1, 0);
        }
        if (dtypes[i] == FC_DTYPE_FP32 || (state->options->dtypes & (1U << dtypes[i])) != 0) {
            add_elementwise(plan, dtypes[i], LARGE_FACTOR, 0);
        }
    }
}

/* A device whose work is not done by threads of the host has neither one thread of them nor the host's caches. */
static void make_plan(limit_plan *plan, const fc_bench_state *state) {
    bool is_host = state->info.threads > 0;
    bool has_several = state->info.threads > 1;
    plan->count = 0;
    add_ceilings(plan, state->options->dtypes, 0);
    if (has_several) {
        add_ceilings(plan, state->options->dtypes, 1);
        add(plan, FC_SAMPLE_LAUNCH, FC_MEMORY_OP_WAKE, FC_DTYPE_FP32, 0);
    }
    add(plan, FC_SAMPLE_MEMORY, FC_MEMORY_OP_READ, FC_DTYPE_FP64, 0);
    add(plan, FC_SAMPLE_MEMORY, FC_MEMORY_OP_WRITE, FC_DTYPE_FP64, 0);
    add(plan, FC_SAMPLE_MEMORY, FC_MEMORY_OP_FIRST_TOUCH, FC_DTYPE_FP64, 0);
    add_elementwise(plan, FC_DTYPE_FP32, 1, 0);
    if (!is_host) {
        add_device(plan, state);
    }
    for (uint32_t level = 1; level <= CACHE_LEVELS && is_host; level++) {
        add_level(plan, level, 0);
        if (has_several) {
            add_level(plan, level, 1);
        }
    }
    if (has_several) {
        add(plan, FC_SAMPLE_MEMORY, FC_MEMORY_OP_FIRST_TOUCH, FC_DTYPE_FP64, 1);
        add_level(plan, 0, 1);
        add_elementwise(plan, FC_DTYPE_FP32, 1, 1); /* some frameworks' passes run on one thread */
    }
}

fc_status fc_bench_measure_limits(fc_bench_state *state, fc_error *error) {
    limit_plan plan;
    make_plan(&plan, state);
    double end_s = fc_bench_remaining_s(state) - LIMITS_BUDGET_FRAC * state->options->budget_s;
    for (uint32_t i = 0; i < plan.count; i++) {
        double left_s = fc_bench_remaining_s(state) - fmax(end_s, 0.0);
        if (!state->info.emulated && !(left_s > 0.0)) {
            state->report->unlimited_count += plan.count - i;
            return FC_OK;
        }
        char reason[FC_TEXT_SIZE];
        bool done = false;
        FC_TRY(
            fc_bench_time(&done, &plan.samples[i], reason, state, fmin(left_s / (plan.count - i), CASE_MOST_S), error));
        if (done) { /* else a device without the case: the text shows what there is */
            fc_bench_keep(state, &plan.samples[i]);
        }
    }
    return FC_OK;
}
