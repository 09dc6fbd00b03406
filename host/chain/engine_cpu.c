/* engine_cpu.c: blocks of plans on one thread of this processor. */
#include "flopcast/engine.h"

#include <stdbool.h>
#include <string.h>

/* Memory does not know in which order ranks lie, nor what overlaps: items that differ in nothing else share it. */
static bool same_memory(const fc_engine_item *a, const fc_engine_item *b) {
    fc_plan plan = a->plan;
    plan.rank_order = b->plan.rank_order;
    return memcmp(&plan, &b->plan, sizeof plan) == 0;
}

static fc_status open_nothing(void **out, fc_error *error) {
    (void)error;
    *out = NULL;
    return FC_OK;
}

static fc_status evaluate(void *opened, fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *items,
                          uint32_t count, fc_error *error) {
    fc_memory memory;
    (void)opened;
    (void)error;
    for (uint32_t i = 0; i < count; ++i) {
        const fc_engine_item *item = &items[i];
        if (i == 0 || !same_memory(item, &items[i - 1])) {
            fc_hd_memory_place(&memory, &cut->memory, cut->ops, cut->cluster, &item->plan, &cut->stacks[item->stack]);
        }
        fc_engine_answer_with(&out[i], cut, item, &memory);
    }
    return FC_OK;
}

static void close_nothing(void *opened) { (void)opened; }

const fc_engine fc_engine_cpu = {FC_ENGINE_ABI, "cpu", open_nothing, evaluate, close_nothing};
