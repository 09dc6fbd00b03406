/* write_memory.c: the memory of an answer, by stage and cause, and what would make it fit. */
#include "write_estimate.h"

static void write_causes(fc_json_out *out, const fc_memory *memory) {
    fc_json_out_list(out, "causes");
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", fc_memory_cause_name((fc_memory_cause)i));
        fc_json_out_number(out, "bytes", memory->cause_bytes[i]);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

/* Every stage, since the fullest is not always an end: dense and expert layers differ, and the first keeps most. */
static void write_stages(fc_json_out *out, const fc_estimate *e, const fc_study *study) {
    fc_json_out_list(out, "stages");
    for (uint32_t stage = 0; stage < e->point.plan.pp; ++stage) {
        fc_memory memory;
        fc_estimate_stage(&memory, e, study, stage);
        fc_json_out_object(out, NULL);
        fc_json_out_count(out, "stage", stage);
        fc_json_out_count(out, "layers_count", memory.stage_layers_count);
        fc_json_out_number(out, "per_chip_bytes", memory.per_chip_bytes);
        write_causes(out, &memory);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_remedies(fc_json_out *out, const fc_estimate *e) {
    fc_json_out_list(out, "remedies");
    for (uint32_t i = 0; i < e->remedies_count; ++i) {
        const fc_remedy *remedy = &e->remedies[i];
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "change", remedy->change);
        fc_json_out_number(out, "per_chip_bytes", remedy->per_chip_bytes);
        fc_json_out_bool(out, "fits", remedy->fits != 0);
        if (remedy->priced) {
            fc_json_out_number(out, "time_change_frac", remedy->time_change_frac);
        } else {
            fc_json_out_null(out, "time_change_frac");
        }
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

void fc_write_memory(fc_json_out *out, const fc_estimate *estimate, const fc_study *study) {
    const fc_memory *memory = &estimate->point.memory;
    fc_json_out_object(out, "memory");
    fc_json_out_count(out, "worst_stage", memory->worst_stage);
    fc_json_out_number(out, "per_chip_bytes", memory->per_chip_bytes);
    fc_json_out_number(out, "capacity_bytes", memory->capacity_bytes);
    fc_json_out_bool(out, "fits", memory->fits != 0);
    write_causes(out, memory);
    fc_json_out_number(out, "host_bytes", memory->host_bytes);
    fc_json_out_number(out, "host_capacity_bytes", memory->host_capacity_bytes);
    write_stages(out, estimate, study);
    write_remedies(out, estimate);
    fc_json_out_end_object(out);
}
