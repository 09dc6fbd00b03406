/* plan_words.c: a plan's choices as the table of fields spells them. */
#include "plan_words.h"

#include "fields.h"

const char *fc_plan_word(const char *key, uint32_t value) {
    const fc_field *field = fc_fields_find(fc_fields_noun(FC_NOUN_PLAN), key);
    for (uint32_t i = 0; field != NULL && field->names != NULL && field->names[i] != NULL; ++i) {
        if (i == value) {
            return field->names[i];
        }
    }
    return "?";
}

void fc_write_plan_members(fc_json_out *out, const fc_plan *plan) {
    fc_json_out_count(out, "tp", plan->tp);
    fc_json_out_count(out, "pp", plan->pp);
    fc_json_out_count(out, "vpp", plan->vpp);
    fc_json_out_count(out, "dp", plan->dp);
    fc_json_out_count(out, "cp", plan->cp);
    fc_json_out_count(out, "ep", plan->ep);
    fc_json_out_count(out, "micro_batch", plan->micro_batch);
    fc_json_out_count(out, "global_batch", plan->global_batch);
    fc_json_out_text(out, "recompute", fc_plan_word("recompute", plan->recompute));
    fc_json_out_count(out, "zero", plan->zero);
    fc_json_out_count(out, "sequence_parallel", plan->sequence_parallel);
}
