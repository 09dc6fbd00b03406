#include "write_compare.h"

#include "json_out.h"
#include "write_estimate.h"

#include <math.h> /* ceil */
#include <stdio.h>

static void write_sheet(fc_json_out *out, const fc_sheet *sheet) {
    fc_json_out_object(out, "sheet");
    fc_json_out_count(out, "chips_count", sheet->chips_count);
    fc_json_out_count(out, "domains_count", ceil(sheet->domains_count)); /* the last one may be partly filled */
    fc_json_out_number(out, "memory_bytes", sheet->memory_bytes);
    fc_json_out_number(out, "memory_bytes_per_s", sheet->memory_bytes_per_s);
    fc_json_out_number(out, "facility_w", sheet->facility_w);
    fc_json_out_object(out, "peak_flop_per_s_by_dtype");
    for (int d = 0; d < FC_DTYPE_COUNT; ++d) {
        if (sheet->peak_flop_per_s[d] > 0) {
            fc_json_out_number(out, fc_dtype_name((fc_dtype)d), sheet->peak_flop_per_s[d]);
        }
    }
    fc_json_out_end_object(out);
    fc_json_out_end_object(out);
}

/* The study that the job was estimated with, for the names in it. */
static void write_job(fc_json_out *out, const fc_job *job, const fc_side *side, const fc_cell *cell,
                      fc_study *scratch) {
    fc_json_out_object(out, "job");
    fc_json_out_bool(out, "feasible", job->feasible != 0);
    fc_json_out_count(out, "chips_count", job->chips_count);
    fc_json_out_text(out, "chip", side->parts[job->part].cluster.chip.name);
    fc_json_out_text(out, "reason", job->reason);
    fc_json_out_text(out, "beyond", job->beyond);
    fc_json_out_end_object(out);
    if (!job->feasible) {
        fc_json_out_null(out, "estimate");
        return;
    }
    *scratch = side->parts[job->part];
    scratch->model = cell->model;
    scratch->workload = cell->workload;
    scratch->cluster.chips_count = job->chips_count;
    fc_json_out_object(out, "estimate");
    fc_write_estimate_members(out, job->estimate, scratch);
    fc_json_out_end_object(out);
}

static void range_or_null(fc_json_out *out, const char *key, bool known, fc_range range) {
    if (known) {
        fc_json_out_range(out, key, range);
    } else {
        fc_json_out_null(out, key);
    }
}

static void write_programme(fc_json_out *out, const fc_programme *side) {
    fc_json_out_range(out, "effective_flop_per_s", side->effective_flop_per_s);
    fc_json_out_range(out, "days", side->days);
    range_or_null(out, "cost_usd", side->mid_usd_per_h > 0, side->cost_usd);
    range_or_null(out, "energy_mwh", side->mid_w > 0, side->energy_mwh);
}

static void write_ratio(fc_json_out *out, const fc_ratio *ratio, const fc_comparison *comparison) {
    fc_json_out_object(out, NULL);
    fc_json_out_text(out, "first", comparison->sides[0].name);
    fc_json_out_text(out, "other", comparison->sides[ratio->other].name);
    fc_json_out_range(out, "speed", ratio->speed);
    fc_json_out_number(out, "faster_frac", ratio->faster_frac);
    range_or_null(out, "cost", ratio->cost.p50 > 0, ratio->cost);
    fc_json_out_number(out, "cheaper_frac", ratio->cheaper_frac);
    range_or_null(out, "energy", ratio->energy.p50 > 0, ratio->energy);
    fc_json_out_number(out, "less_energy_frac", ratio->leaner_frac);
    fc_json_out_end_object(out);
}

static void write_deals(fc_json_out *out, const fc_verdict *v, const fc_comparison *c, fc_study *scratch) {
    fc_json_out_list(out, "deals");
    for (uint32_t i = 0; i < c->sides_count; ++i) {
        const fc_programme *side = &v->cells[0].sides[i];
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", c->sides[i].name);
        fc_json_out_text(out, "title", c->sides[i].title);
        fc_json_out_number(out, "peak_flop_per_s", v->sheets[i].peak_flop_per_s[v->cells[0].ops.dtype]);
        write_programme(out, side);
        write_sheet(out, &v->sheets[i]);
        write_job(out, &side->job, &c->sides[i], &c->cells[0], scratch);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_grid(fc_json_out *out, const fc_verdict *v, const fc_comparison *c) {
    fc_json_out_list(out, "grid");
    for (uint32_t i = 0; i < v->cells_count; ++i) {
        const fc_cell_result *cell = &v->cells[i];
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", c->cells[i].name);
        fc_json_out_text(out, "model", c->cells[i].model.name);
        fc_json_out_count(out, "tokens_count", c->cells[i].workload.tokens_count);
        fc_json_out_number(out, "work_flop", cell->work_flop);
        fc_json_out_bool(out, "infeasible", cell->infeasible != 0);
        fc_json_out_text(out, "wall", cell->wall);
        fc_json_out_list(out, "deals");
        for (uint32_t j = 0; j < c->sides_count; ++j) {
            fc_json_out_object(out, NULL);
            fc_json_out_text(out, "name", c->sides[j].name);
            write_programme(out, &cell->sides[j]);
            fc_json_out_end_object(out);
        }
        fc_json_out_end_list(out);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_flips(fc_json_out *out, const fc_verdict *v) {
    fc_json_out_list(out, "break_even");
    for (uint32_t i = 0; i < v->flips_count; ++i) {
        const fc_flip *flip = &v->flips[i];
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "deal", flip->side);
        fc_json_out_text(out, "input", flip->input);
        fc_json_out_text(out, "of", flip->what);
        fc_json_out_number(out, "mid", flip->mid);
        fc_json_out_number(out, "at", flip->at);
        fc_json_out_bool(out, "reachable", flip->reachable != 0);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_head(fc_json_out *out, fc_text *text, const fc_verdict *v, const fc_comparison *c,
                       const fc_inputs *inputs) {
    fc_json_out_count(out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(out, "command", "compare");
    fc_json_out_text(out, "flopcast_version", FC_VERSION);
    fc_json_out_object(out, "inputs");
    fc_json_out_text(out, "name", c->name);
    fc_json_out_text(out, "question", inputs->question);
    fc_json_out_text(out, "headline", c->cells[0].name);
    fc_json_out_number(out, "horizon_days", c->horizon_days);
    fc_json_out_count(out, "data_stock_count", c->data_stock_tokens);
    fc_json_out_count(out, "seed", (double)c->seed);
    fc_json_out_count(out, "draws", c->draws_count);
    fc_json_out_end_object(out);
    fc_write_assumptions(out, inputs->facts, true);
    fc_json_out_text(out, "view", "programme");
    fc_json_out_text(out, "verdict", fc_write_verdict(text, v, c));
    fc_json_out_bool(out, "extrapolation", v->beyond_count >= 2);
    fc_json_out_number(out, "parity_bf16_frac", v->parity_bf16);
    fc_json_out_number(out, "parity_fp8_frac", v->parity_fp8);
}

fc_status fc_write_compare_json(fc_text *text, const fc_verdict *verdict, const fc_comparison *comparison,
                                const fc_inputs *inputs, fc_error *error) {
    fc_json_out out = fc_json_out_start(text);
    fc_study *scratch = fc_arena_alloc(text->arena, sizeof *scratch);
    if (scratch == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    fc_json_out_object(&out, NULL);
    write_head(&out, text, verdict, comparison, inputs);
    write_deals(&out, verdict, comparison, scratch);
    fc_json_out_list(&out, "ratios");
    for (uint32_t i = 0; i + 1 < comparison->sides_count; ++i) {
        write_ratio(&out, &verdict->cells[0].ratios[i], comparison);
    }
    fc_json_out_end_list(&out);
    write_flips(&out, verdict);
    fc_json_out_list(&out, "drivers");
    for (uint32_t i = 0; i < verdict->drivers_count; ++i) {
        fc_json_out_object(&out, NULL);
        fc_json_out_text(&out, "input", verdict->drivers[i].input);
        fc_json_out_number(&out, "swing_frac", verdict->drivers[i].swing_frac);
        fc_json_out_end_object(&out);
    }
    fc_json_out_end_list(&out);
    write_grid(&out, verdict, comparison);
    fc_json_out_end_object(&out);
    fc_text_add(text, "\n");
    return out.failed
               ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result is not a finite number: please report this study")
               : FC_OK;
}
