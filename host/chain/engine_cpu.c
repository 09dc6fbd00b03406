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

static fc_status evaluate(fc_engine_answer *out, const fc_engine_cut *cut, const fc_engine_item *items, uint32_t count,
                          fc_error *error) {
    fc_memory memory;
    fc_step step;
    for (uint32_t i = 0; i < count; ++i) {
        const fc_engine_item *item = &items[i];
        const fc_stack *stack = &cut->stacks[item->stack];
        if (i == 0 || !same_memory(item, &items[i - 1])) {
            fc_memory_place(&memory, &cut->memory, cut->ops, cut->cluster, &item->plan, stack);
        }
        out[i] = (fc_engine_answer){0, memory.per_chip_bytes, memory.fits ? FC_ENGINE_FITS : FC_ENGINE_UNFIT};
        if (!memory.fits && !item->time_first) {
            continue;
        }
        if (fc_step_place(&step, &cut->step, cut->ops, cut->cluster, &item->plan, stack, error) != FC_OK) {
            out[i].state = memory.fits ? FC_ENGINE_REFUSED : FC_ENGINE_UNFIT;
            continue;
        }
        fc_step_scale(&step, cut->step_time_factor);
        out[i].time_s = step.time_s;
    }
    return FC_OK;
}

const fc_engine fc_engine_cpu = {.name = "cpu", .evaluate = evaluate};
