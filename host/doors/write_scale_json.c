/* write_scale_json.c: a scaling curve as JSON; docs/scaling.md lists the keys. */
#include "write_scale.h"

#include "plan_words.h"
#include "write_estimate.h"

static void write_plan(fc_json_out *out, const fc_point *at) {
    const fc_plan *plan = &at->plan;
    fc_json_out_object(out, "plan");
    fc_write_plan_members(out, plan);
    fc_json_out_count(out, "etp", plan->etp);
    fc_json_out_count(out, "chips_used_count", at->step.chips_used_count);
    fc_json_out_end_object(out);
}

static void write_causes(fc_json_out *out, const fc_scale_point *point) {
    fc_json_out_list(out, "causes");
    for (int i = 0; i < FC_SCALE_CAUSE_COUNT; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", fc_scale_cause_name((fc_scale_cause)i));
        fc_json_out_number(out, "chip_s_per_token", point->cause_chip_s[i]);
        fc_json_out_number(out, "frac", point->cause_chip_s[i] / point->chip_s);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_point(fc_json_out *out, const fc_scale_point *point) {
    const fc_step *step = &point->at.step;
    bool ends = !point->endless;
    fc_json_out_object(out, NULL);
    fc_json_out_count(out, "chips_count", point->chips_count);
    write_plan(out, &point->at);
    fc_json_out_number(out, "step_time_s", step->time_s);
    fc_json_out_number(out, "tokens_per_s", step->tokens_per_s);
    fc_json_out_number(out, "mfu_frac", step->mfu_frac);
    fc_json_out_number(out, "per_chip_bytes", point->at.memory.per_chip_bytes);
    fc_json_out_number(out, "tokens_count", point->tokens_count);
    fc_json_out_bool(out, "may_never_end", !ends);
    fc_json_out_range_or_null(out, "days", ends, point->days);
    fc_json_out_range_or_null(out, "chip_h", ends, point->chip_h);
    fc_json_out_range_or_null(out, "total_usd", ends && point->at.cost.priced, point->total_usd);
    fc_json_out_range_or_null(out, "energy_mwh", ends && point->at.cost.powered, point->energy_mwh);
    fc_json_out_range_or_null(out, "goodput_frac", ends, point->goodput_frac);
    fc_json_out_number(out, "speedup", point->speedup);
    fc_json_out_number(out, "efficiency_frac", point->efficiency_frac);
    fc_json_out_number(out, "doubling_gain", point->doubling_gain);
    fc_json_out_bool(out, "extrapolation", point->beyond_count >= 2);
    fc_json_out_text(out, "biggest_loss", fc_scale_cause_name((fc_scale_cause)point->biggest_loss));
    fc_json_out_number(out, "biggest_loss_frac", point->cause_chip_s[point->biggest_loss] / point->chip_s);
    write_causes(out, point);
    fc_json_out_end_object(out);
}

static void write_knee(fc_json_out *out, fc_text *text, const fc_scale_page *page) {
    const fc_scale_curve *curve = page->curve;
    const fc_scale_knee *knee = &curve->knee;
    fc_json_out_object(out, "knee");
    fc_json_out_bool(out, "found", knee->found != 0);
    fc_json_out_number(out, "threshold_gain", page->question->knee_gain);
    fc_json_out_text(out, "sentence", fc_scale_say_knee(text, page));
    if (knee->found) {
        fc_json_out_count(out, "chips_count", curve->points[knee->point].chips_count);
        fc_json_out_count(out, "next_chips_count", curve->points[knee->point + 1].chips_count);
        fc_json_out_number(out, "next_doubling_gain", knee->next_gain);
        fc_json_out_number(out, "lost_frac", knee->lost_frac);
        fc_json_out_list(out, "causes");
        for (int i = 0; i < FC_SCALE_CAUSE_COUNT; ++i) {
            fc_json_out_object(out, NULL);
            fc_json_out_text(out, "name", fc_scale_cause_name((fc_scale_cause)i));
            fc_json_out_number(out, "frac", knee->cause_frac[i]);
            fc_json_out_end_object(out);
        }
        fc_json_out_end_list(out);
    }
    fc_json_out_end_object(out);
}

static void write_wall(fc_json_out *out, const fc_scale_wall *wall) {
    if (!wall->known) {
        fc_json_out_null(out, "latency_wall");
        return;
    }
    fc_json_out_object(out, "latency_wall");
    fc_json_out_number(out, "step_time_s", wall->step_time_s);
    fc_json_out_number(out, "floor_s", wall->floor_s);
    fc_json_out_number(out, "days", wall->days);
    fc_json_out_number(out, "steps_count", wall->steps_count);
    fc_json_out_end_object(out);
}

static void write_levers(fc_json_out *out, const fc_scale_curve *curve) {
    fc_json_out_count(out, "levers_chips_count", curve->lever_chips_count);
    fc_json_out_list(out, "levers");
    for (uint32_t i = 0; i < curve->levers_count; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "change", curve->levers[i].change);
        fc_json_out_number(out, "speed_gain", curve->levers[i].gain);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_head(fc_json_out *out, const fc_scale_page *page) {
    const fc_scale_curve *curve = page->curve;
    const fc_study *study = page->question->study;
    fc_json_out_count(out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(out, "command", "scale");
    fc_json_out_text(out, "flopcast_version", FC_VERSION);
    fc_json_out_object(out, "inputs");
    fc_json_out_text(out, "name", study->name);
    fc_json_out_text(out, "model", study->model.name);
    fc_json_out_text(out, "chip", study->cluster.chip.name);
    fc_json_out_count(out, "chips_count", study->cluster.chips_count);
    fc_json_out_number(out, "tokens_count", study->workload.tokens_count);
    fc_json_out_count(out, "global_batch", curve->batch_count);
    fc_json_out_count(out, "seed", (double)study->seed);
    fc_json_out_count(out, "draws", study->draws_count);
    fc_json_out_end_object(out);
    fc_write_assumptions(out, page->inputs->facts, true);
    fc_json_out_text(out, "mode", fc_scale_mode_name((fc_scale_mode)page->question->mode));
    fc_json_out_text(out, "plan", page->question->keep_plan ? "given" : "open");
    fc_json_out_object(out, "batch_law");
    fc_json_out_text(out, "name", page->question->law.name);
    fc_json_out_text(out, "source", page->question->law.source);
    fc_json_out_number(out, "critical_batch_tokens_count", curve->critical_batch_tokens);
    fc_json_out_number(out, "least_tokens_count", curve->least_tokens_count);
    fc_json_out_end_object(out);
}

fc_status fc_write_scale_json(fc_text *text, const fc_scale_page *page, fc_error *error) {
    const fc_scale_curve *curve = page->curve;
    fc_json_out out = fc_json_out_start(text);
    fc_json_out_object(&out, NULL);
    write_head(&out, page);
    fc_json_out_list(&out, "points");
    for (uint32_t i = 0; i < curve->points_count; ++i) {
        write_point(&out, &curve->points[i]);
    }
    fc_json_out_end_list(&out);
    fc_json_out_object(&out, "unfit");
    fc_json_out_count(&out, "up_to_chips_count", curve->unfit_chips_count);
    fc_json_out_text(&out, "reason", curve->unfit_reason);
    fc_json_out_count(&out, "skipped_count", curve->skipped_count);
    fc_json_out_end_object(&out);
    write_knee(&out, text, page);
    write_wall(&out, &curve->wall);
    write_levers(&out, curve);
    fc_json_out_count(&out, "plans_tried_count", curve->plans_tried_count);
    fc_json_out_end_object(&out);
    fc_text_add(text, "\n");
    return out.failed
               ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result is not a finite number: please report this study")
               : FC_OK;
}
