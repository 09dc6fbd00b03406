#include "write_estimate.h"

#include "plan_words.h"

#include "write_domain.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What a reader must know of the model itself. */
static const char *const FIRST_FORM[][2] = {
    {"step",
     "kernels by curves measured on the chip or one like it, else by a share of its peak; host time, collectives over "
     "tiers and the pipeline's schedule; few numbers a chip and stack are fitted to published runs (docs/accuracy.md)"},
    {"memory", "saved activations by operation (2205.05198), ZeRO sharding, each stage; no fragmentation"},
    {"run", "Daly's closed form, its spread by histories of failures; a failure stops the whole job unless "
            "run.elastic_pause is given"},
    {"cost", "first form: one price for the whole run; no storage, staff or idle time"},
};

static void write_fact(fc_json_out *out, const fc_fact *fact) {
    fc_json_out_object(out, NULL);
    fc_json_out_text(out, "key", fact->key);
    fc_json_out_text(out, "text", fact->text != NULL ? fact->text : "");
    fc_json_out_text(out, "grade", fc_grade_name((fc_grade)fact->grade));
    fc_json_out_text(out, "origin", fact->origin != NULL ? fact->origin : "");
    fc_json_out_text(out, "source", fact->source != NULL ? fact->source : "");
    fc_json_out_text(out, "date", fact->date != NULL ? fact->date : "");
    fc_json_out_text(out, "note", fact->note != NULL ? fact->note : "");
    fc_json_out_end_object(out);
}

void fc_write_assumptions(fc_json_out *out, const fc_fact *facts, bool first_form) {
    fc_json_out_list(out, "assumptions");
    for (size_t i = 0; first_form && i < sizeof FIRST_FORM / sizeof FIRST_FORM[0]; ++i) {
        fc_fact fact = {
            .key = FIRST_FORM[i][0], .text = FIRST_FORM[i][1], .grade = FC_GRADE_ASSUMED, .origin = "model"};
        write_fact(out, &fact);
    }
    for (const fc_fact *fact = facts; fact != NULL; fact = fact->next) {
        if (fact->grade != FC_GRADE_EXACT) {
            write_fact(out, fact);
        }
    }
    fc_json_out_end_list(out);
}

/* ---- echo of inputs: the field table once more ------------------------------------------------------------------ */

static void echo_name(char *out, size_t size, const fc_field *field) {
    bool named = strstr(field->key, "usd") != NULL;
    const char *suffix = named ? "" : fc_unit_suffix(field->unit);
    bool plain = field->unit == FC_UNIT_COUNT || field->unit == FC_UNIT_TOKENS || field->unit == FC_UNIT_FRAC;
    snprintf(out, size, "%s%s", field->key, plain ? "" : suffix);
}

static void echo_field(fc_json_out *out, const fc_field *field, const void *noun) {
    const char *at = (const char *)noun + field->offset;
    char name[96];
    double f64 = 0;
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    int32_t i32 = 0;
    echo_name(name, sizeof name, field);
    switch (field->kind) {
    case FC_FIELD_F64:
        memcpy(&f64, at, sizeof f64);
        if (f64 != 0) {
            fc_json_out_number(out, name, f64);
        }
        break;
    case FC_FIELD_U64:
        memcpy(&u64, at, sizeof u64);
        if (u64 != 0) {
            fc_json_out_count(out, name, (double)u64);
        }
        break;
    case FC_FIELD_U32:
        memcpy(&u32, at, sizeof u32);
        if (u32 != 0) {
            fc_json_out_count(out, name, (double)u32);
        }
        break;
    case FC_FIELD_ENUM:
        memcpy(&u32, at, sizeof u32);
        fc_json_out_text(out, name, field->names[u32]);
        break;
    case FC_FIELD_I32:
    case FC_FIELD_DATE:
        memcpy(&i32, at, sizeof i32);
        if (i32 != 0) {
            fc_json_out_count(out, name, (double)i32);
        }
        break;
    case FC_FIELD_BOOL:
        fc_json_out_bool(out, name, *(const uint8_t *)at != 0);
        break;
    case FC_FIELD_TEXT:
        if (at[0] != '\0') {
            fc_json_out_text(out, name, at);
        }
        break;
    default:
        break;
    }
}

static void echo_noun(fc_json_out *out, const char *key, const char *name, fc_noun_id id, const void *noun) {
    const fc_noun *table = fc_fields_noun(id);
    fc_json_out_object(out, key);
    if (name != NULL && name[0] != '\0') {
        fc_json_out_text(out, "name", name);
    }
    for (size_t i = 0; i < table->count; ++i) {
        echo_field(out, &table->fields[i], noun);
    }
    if (id != FC_NOUN_CLUSTER && id != FC_NOUN_DEAL) {
        fc_json_out_end_object(out);
    }
}

static void echo_inputs(fc_json_out *out, const fc_study *study) {
    fc_json_out_object(out, "inputs");
    fc_json_out_text(out, "name", study->name);
    echo_noun(out, "model", study->model.name, FC_NOUN_MODEL, &study->model);
    echo_noun(out, "cluster", study->cluster.name, FC_NOUN_CLUSTER, &study->cluster);
    echo_noun(out, "chip", study->cluster.chip.name, FC_NOUN_CHIP, &study->cluster.chip);
    fc_json_out_list(out, "tiers");
    for (uint32_t i = 0; i < study->cluster.tiers_count; ++i) {
        echo_noun(out, NULL, NULL, FC_NOUN_TIER, &study->cluster.tiers[i]);
    }
    fc_json_out_end_list(out);
    fc_json_out_end_object(out);
    echo_noun(out, "workload", NULL, FC_NOUN_WORKLOAD, &study->workload);
    echo_noun(out, "stack", study->stack.name, FC_NOUN_STACK, &study->stack);
    echo_noun(out, "plan", NULL, FC_NOUN_PLAN, &study->plan);
    echo_noun(out, "deal", study->deal.name, FC_NOUN_DEAL, &study->deal);
    if (study->deal.pricing == FC_PRICING_OWN) {
        echo_noun(out, "own", NULL, FC_NOUN_OWN, &study->deal);
    }
    if (study->deal.pricing == FC_PRICING_CONTRACT) {
        echo_noun(out, "contract", NULL, FC_NOUN_CONTRACT, &study->deal);
    }
    fc_json_out_end_object(out);
    echo_noun(out, "run", NULL, FC_NOUN_POLICY, &study->policy);
    echo_noun(out, "estimate", NULL, FC_NOUN_ESTIMATE, study);
    fc_json_out_count(out, "seed", (double)study->seed);
    fc_json_out_count(out, "draws", study->draws_count);
    fc_json_out_end_object(out);
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

static void write_model(fc_json_out *out, const fc_estimate *e, const fc_study *study) {
    fc_json_out_object(out, "model");
    fc_json_out_text(out, "name", study->model.name);
    fc_json_out_count(out, "params_total_count", e->ops.params_total_count);
    fc_json_out_count(out, "params_active_count", e->ops.params_active_count);
    fc_json_out_count(out, "params_active_matmul_count", e->ops.params_active_matmul_count);
    fc_json_out_number(out, "flop_per_token_model", e->ops.flop_per_token_model);
    fc_json_out_number(out, "flop_per_token_palm", e->ops.flop_per_token_palm);
    fc_json_out_number(out, "flop_per_token_6nd", e->ops.flop_per_token_6nd);
    fc_json_out_end_object(out);
}

static void write_cluster(fc_json_out *out, const fc_estimate *e, const fc_study *study) {
    fc_json_out_object(out, "cluster");
    fc_json_out_text(out, "name", study->cluster.name);
    fc_json_out_text(out, "chip", study->cluster.chip.name);
    fc_json_out_count(out, "chips_count", study->cluster.chips_count);
    fc_json_out_number(out, "peak_flop_per_s_per_chip", e->point.step.peak_flop_per_s_per_chip);
    fc_json_out_text(out, "dtype", fc_dtype_name((fc_dtype)study->workload.dtype));
    fc_json_out_end_object(out);
}

static void write_plan(fc_json_out *out, const fc_estimate *e) {
    const fc_plan *plan = &e->point.plan;
    fc_json_out_object(out, "plan");
    fc_write_plan_members(out, plan);
    fc_json_out_count(out, "etp", plan->etp);
    fc_json_out_text(out, "schedule", fc_plan_word("schedule", plan->schedule));
    fc_json_out_text(out, "rank_order", fc_plan_word("rank_order", plan->rank_order));
    fc_json_out_count(out, "zero_group", plan->zero_group);
    fc_json_out_count(out, "recompute_layers", plan->recompute_layers);
    fc_json_out_bool(out, "offload_optimizer", plan->offload_optimizer != 0);
    fc_json_out_bool(out, "offload_weights", plan->offload_weights != 0);
    fc_json_out_bool(out, "offload_activations", plan->offload_activations != 0);
    fc_json_out_count(out, "chips_used_count", e->point.step.chips_used_count);
    fc_json_out_bool(out, "given", e->plan_given != 0);
    fc_json_out_count(out, "tried_count", e->plans_tried_count);
    fc_json_out_count(out, "fitting_count", e->plans_fitting_count);
    fc_json_out_end_object(out);
}

static void write_step(fc_json_out *out, const fc_estimate *e) {
    const fc_step *step = &e->point.step;
    fc_json_out_object(out, "step");
    fc_json_out_number(out, "time_s", step->time_s);
    fc_json_out_range(out, "time_range_s", e->time_s);
    fc_json_out_number(out, "model_flop_per_s_per_chip", step->model_flop / step->time_s / step->chips_used_count);
    fc_json_out_number(out, "mfu_frac", step->mfu_frac);
    fc_json_out_range(out, "mfu_range_frac", e->mfu_frac);
    fc_json_out_number(out, "hfu_frac", step->hfu_frac);
    fc_json_out_number(out, "mixed_peak_flop_per_s_per_chip", step->mixed_peak_flop_per_s_per_chip);
    fc_json_out_number(out, "tokens_per_step_count", step->tokens_per_step);
    fc_json_out_number(out, "tokens_per_s", step->tokens_per_s);
    fc_json_out_number(out, "tokens_per_s_per_chip", step->tokens_per_s / step->chips_used_count);
    fc_json_out_list(out, "causes");
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", fc_step_cause_name((fc_step_cause)i));
        fc_json_out_number(out, "time_s", step->cause_s[i]);
        fc_json_out_number(out, "frac", step->cause_s[i] / step->time_s);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
    fc_json_out_end_object(out);
}

/* What luck alone does, all inputs at their middle; and what each change alone would keep. */
static void write_histories(fc_json_out *out, const fc_estimate *e) {
    fc_json_out_object(out, "histories");
    fc_json_out_count(out, "count", e->histories_count);
    if (e->histories_count > 0) {
        fc_json_out_range(out, "goodput_frac", e->history_goodput_frac);
        fc_json_out_range(out, "days", e->history_days);
    }
    fc_json_out_end_object(out);
    fc_json_out_list(out, "remedies");
    for (uint32_t i = 0; i < e->run_remedies_count; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "change", e->run_remedies[i].change);
        fc_json_out_number(out, "goodput_frac", e->run_remedies[i].goodput_frac);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_run(fc_json_out *out, const fc_estimate *e) {
    fc_json_out_object(out, "run");
    fc_json_out_count(out, "tokens_count", e->point.run.tokens_count);
    fc_json_out_count(out, "steps_count", e->point.run.steps_count);
    fc_json_out_range(out, "days", e->days);
    fc_json_out_range(out, "chip_h", e->chip_h);
    fc_json_out_range(out, "goodput_frac", e->goodput_frac);
    fc_json_out_number(out, "mtbf_s", e->point.run.mtbf_s);
    fc_json_out_number(out, "checkpoint_s", e->point.run.checkpoint_s);
    fc_json_out_number(out, "checkpoint_interval_s", e->point.run.checkpoint_interval_s);
    fc_json_out_number(out, "memory_interval_s", e->point.run.memory_interval_s);
    fc_json_out_number(out, "spare_wait_s", e->point.run.spare_wait_s);
    fc_json_out_number(out, "closed_form_goodput_frac", e->point.run.goodput_frac);
    write_histories(out, e);
    fc_json_out_end_object(out);
}

static void write_cost(fc_json_out *out, const fc_estimate *e) {
    const fc_cost *cost = &e->point.cost;
    fc_json_out_object(out, "cost");
    fc_json_out_range_or_null(out, "total_usd", cost->priced != 0, e->total_usd);
    fc_json_out_range_or_null(out, "usd_per_mtoken", cost->priced != 0, e->usd_per_mtoken);
    fc_json_out_range_or_null(out, "energy_mwh", cost->powered != 0, e->energy_mwh);
    if (cost->powered) {
        fc_json_out_number(out, "peak_mw", cost->peak_mw);
    } else {
        fc_json_out_null(out, "peak_mw");
    }
    fc_json_out_end_object(out);
}

static void write_domain(fc_json_out *out, const fc_estimate *e, const fc_study *study) {
    char beyond[160];
    uint32_t count = fc_estimate_beyond(beyond, sizeof beyond, e, study);
    fc_json_out_object(out, "domain");
    fc_json_out_bool(out, "extrapolation", count >= 2);
    fc_json_out_count(out, "beyond_count", count);
    fc_json_out_text(out, "beyond", beyond);
    fc_domain_write_nearest(out, study);
    fc_json_out_end_object(out);
}

void fc_write_estimate_members(fc_json_out *out, const fc_estimate *estimate, const fc_study *study) {
    write_model(out, estimate, study);
    write_cluster(out, estimate, study);
    write_plan(out, estimate);
    write_step(out, estimate);
    fc_write_memory(out, estimate, study);
    write_run(out, estimate);
    write_cost(out, estimate);
    fc_json_out_list(out, "drivers");
    for (uint32_t i = 0; i < estimate->drivers_count; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "input", estimate->drivers[i].input);
        fc_json_out_number(out, "swing_frac", estimate->drivers[i].swing_frac);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
    write_domain(out, estimate, study);
}

static fc_status finish(fc_json_out *out, fc_text *text, fc_error *error) {
    fc_json_out_end_object(out);
    fc_text_add(text, "\n");
    return out->failed
               ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result is not a finite number: please report this study")
               : FC_OK;
}

static fc_json_out start_answer(fc_text *text, const fc_study *study, const fc_inputs *inputs) {
    fc_json_out out = fc_json_out_start(text);
    fc_json_out_object(&out, NULL);
    fc_json_out_count(&out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&out, "command", "estimate");
    fc_json_out_text(&out, "flopcast_version", FC_VERSION);
    echo_inputs(&out, study);
    fc_write_assumptions(&out, inputs->facts, true);
    return out;
}

fc_status fc_write_estimate_json(fc_text *text, const fc_estimate *estimate, const fc_study *study,
                                 const fc_inputs *inputs, fc_error *error) {
    fc_json_out out = start_answer(text, study, inputs);
    fc_write_estimate_members(&out, estimate, study);
    return finish(&out, text, error);
}

fc_status fc_write_unfit_json(fc_text *text, const fc_estimate *estimate, const fc_study *study,
                              const fc_inputs *inputs, fc_error *error) {
    fc_json_out out = start_answer(text, study, inputs);
    write_model(&out, estimate, study);
    write_cluster(&out, estimate, study);
    write_plan(&out, estimate);
    fc_write_memory(&out, estimate, study);
    return finish(&out, text, error);
}
