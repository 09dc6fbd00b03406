/* chain_helpers.h: what the tests of the chain share: a tolerance, shipped entries, a machine without losses. */
#ifndef FLOPCAST_TESTS_UNIT_CHAIN_HELPERS_H
#define FLOPCAST_TESTS_UNIT_CHAIN_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */

#include "doors/config.h"
#include "flopcast/deals.h"
#include "flopcast/estimate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

#define assert_near(found, expected, tolerance_frac)                                                                   \
    do {                                                                                                               \
        double near_found = (found);                                                                                   \
        double near_expected = (expected);                                                                             \
        if (!(fabs(near_found - near_expected) <= (tolerance_frac)*fabs(near_expected))) {                             \
            fail_msg("%s is %.12g, not %.12g", #found, near_found, near_expected);                                     \
        }                                                                                                              \
    } while (0)

#define assert_told(error, words)                                                                                      \
    do {                                                                                                               \
        if (strstr((error)->text, (words)) == NULL) {                                                                  \
            fail_msg("\"%s\" does not say \"%s\"", (error)->text, (words));                                            \
        }                                                                                                              \
    } while (0)

static inline void assert_fine(fc_status status, const fc_error *error) {
    if (status != FC_OK) {
        char told[2048];
        fc_error_format(error, told, sizeof told);
        fail_msg("%s", told);
    }
}

/* An arena and the shipped data folder: what reading a study needs. */
typedef struct chain_desk {
    fc_arena *arena;
    fc_config config;
} chain_desk;

static inline int open_desk(void **state) {
    static chain_desk desk;
    fc_error error = {0};
    memset(&desk, 0, sizeof desk);
    desk.arena = fc_arena_create((size_t)1 << 30);
    desk.config.arena = desk.arena;
    if (desk.arena == NULL || fc_catalog_open(&desk.config.catalog, desk.arena, FC_DATA_FOLDER, &error) != FC_OK) {
        return -1;
    }
    *state = &desk;
    return 0;
}

static inline int close_desk(void **state) {
    fc_arena_destroy(((chain_desk *)*state)->arena);
    return 0;
}

/* A GPT of Megatron's kind, written out. */
static inline fc_model gpt(uint32_t layers, uint32_t hidden, uint32_t heads) {
    fc_model model = fc_model_default();
    strcpy(model.name, "gpt");
    model.layers_count = layers;
    model.hidden = hidden;
    model.heads = heads;
    model.vocab = 51200;
    model.ffn_hidden = 4ull * hidden;
    model.ffn_type = FC_FFN_PLAIN;
    model.norm = FC_NORM_LAYER;
    model.position = FC_POSITION_LEARNED;
    model.max_positions = 2048;
    model.seq_len = 2048;
    model.tied_embeddings = 1;
    model.qkv_bias = model.attention_out_bias = model.ffn_bias = 1;
    return model;
}

/* A chip that loses nothing: full rates, no latency, no failures. */
static inline fc_chip ideal_chip(void) {
    fc_chip chip = fc_chip_default();
    strcpy(chip.name, "ideal");
    for (int d = 0; d < FC_DTYPE_COUNT; ++d) {
        chip.peak_flop_per_s[d] = 1e15;
        chip.matmul[d].eff_frac = 1.0;
    }
    chip.memory_bytes = 1e15;
    chip.memory_bytes_per_s = 1e18;
    chip.memory_eff_frac = 1.0;
    chip.attention_eff_frac = 1.0;
    chip.scaleup_domain_count = 8;
    chip.scaleup_bytes_per_s = 1e16;
    chip.scaleup_eff_frac = 1.0;
    chip.scaleout_bytes_per_s = 1e16;
    chip.scaleout_eff_frac = 1.0;
    return chip;
}

static inline fc_plan plan_of(uint32_t tp, uint32_t pp, uint32_t dp, uint32_t micro_batch, uint32_t global_batch) {
    fc_plan plan = {.tp = tp, .pp = pp, .vpp = 1, .dp = dp, .cp = 1, .ep = 1};
    plan.micro_batch = micro_batch;
    plan.global_batch = global_batch;
    plan.recompute = FC_RECOMPUTE_NONE;
    plan.zero = 0;
    plan.sequence_parallel = 0;
    return plan;
}

/* A complete study of that GPT on that chip. */
static inline fc_study ideal_study(double chips_count) {
    fc_study study = fc_study_default();
    strcpy(study.name, "test");
    study.model = gpt(8, 1024, 16);
    study.cluster.chip = ideal_chip();
    study.cluster.chips_count = chips_count;
    study.workload.tokens_count = 1e9;
    study.batch_tokens = 1e6;
    study.plan = plan_of(1, 1, (uint32_t)chips_count, 1, (uint32_t)chips_count);
    return study;
}

#endif
