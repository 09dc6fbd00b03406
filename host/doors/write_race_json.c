#include "write_race.h"

#include "json_out.h"
#include "write_estimate.h"

static void write_day(fc_json_out *out, const char *key, fc_race_day day) {
    char text[16];
    if (day.never) {
        fc_json_out_null(out, key);
    } else {
        fc_json_out_text(out, key, fc_write_race_day(text, sizeof text, day));
    }
}

static void write_dates(fc_json_out *out, const char *key, const fc_race_dates *dates) {
    fc_json_out_object(out, key);
    write_day(out, "p10", dates->p10);
    write_day(out, "p50", dates->p50);
    write_day(out, "p90", dates->p90);
    fc_json_out_number(out, "already_frac", dates->already_frac);
    fc_json_out_number(out, "within_horizon_frac", dates->within_frac);
    fc_json_out_number(out, "by_frac", dates->by_frac);
    fc_json_out_end_object(out);
}

static void write_day_number(fc_json_out *out, const char *key, double day) {
    write_day(out, key, (fc_race_day){day, 0});
}

static void write_head(fc_json_out *out, fc_text *text, const fc_race_result *r, const fc_race_study *s,
                       const fc_inputs *inputs) {
    fc_json_out_count(out, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(out, "command", "race");
    fc_json_out_text(out, "flopcast_version", FC_VERSION);
    fc_json_out_object(out, "inputs");
    fc_json_out_text(out, "name", s->name);
    fc_json_out_text(out, "question", inputs->question);
    write_day_number(out, "start", s->start_day);
    write_day_number(out, "as_of", s->as_of_day);
    write_day_number(out, "by", s->by_day);
    write_day_number(out, "horizon", s->horizon_day);
    fc_json_out_text(out, "dtype", fc_dtype_name((fc_dtype)s->dtype));
    fc_json_out_text(out, "level", s->measure == FC_RACE_RUN ? "run" : "cumulative");
    fc_json_out_count(out, "seed", (double)s->seed);
    fc_json_out_count(out, "draws", s->draws_count);
    fc_json_out_end_object(out);
    fc_write_assumptions(out, inputs->facts, false);
    fc_json_out_text(out, "verdict", fc_write_race_verdict(text, r, s));
    fc_json_out_text(out, "leader", s->programmes[r->leader].name);
}

static void write_programmes(fc_json_out *out, const fc_race_result *r, const fc_race_study *s) {
    static const char *const keys[FC_LOT_STATUS_COUNT] = {"chips_announced_count", "chips_contracted_count",
                                                          "chips_delivered_count", "chips_operating_count"};
    fc_json_out_list(out, "programmes");
    for (uint32_t i = 0; i < s->programmes_count; ++i) {
        const fc_race_side *side = &r->sides[i];
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", s->programmes[i].name);
        fc_json_out_text(out, "title", s->programmes[i].title);
        for (int status = 0; status < FC_LOT_STATUS_COUNT; ++status) {
            fc_json_out_number(out, keys[status], side->chips_count[status]);
        }
        fc_json_out_range(out, "chips_working_count", side->working_count);
        fc_json_out_range(out, "useful_flop_per_s", side->useful_flop_per_s);
        fc_json_out_range(out, "level_flop", side->level_flop);
        if (side->priced) {
            fc_json_out_range(out, "cost_usd", side->cost_usd);
        } else {
            fc_json_out_null(out, "cost_usd");
        }
        fc_json_out_list(out, "points");
        for (uint32_t k = 0; k < r->points_count; ++k) {
            fc_json_out_object(out, NULL);
            write_day_number(out, "day", r->points[k].day);
            fc_json_out_range(out, "level_flop", r->points[k].level_flop[i]);
            fc_json_out_end_object(out);
        }
        fc_json_out_end_list(out);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_chases(fc_json_out *out, const fc_race_result *r, const fc_race_study *s) {
    fc_json_out_list(out, "catch_up");
    for (uint32_t i = 0; i < r->chases_count; ++i) {
        const fc_race_chase *chase = &r->chases[i];
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "chaser", s->programmes[chase->chaser].name);
        fc_json_out_text(out, "leader", s->programmes[r->leader].name);
        fc_json_out_range(out, "level_ratio", chase->ratio);
        write_dates(out, "compute", &chase->compute);
        write_dates(out, "released", &chase->released);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

static void write_changes(fc_json_out *out, const fc_race_result *r) {
    write_day(out, "mid_day", r->mid_day);
    write_day(out, "mid_day_with_announced", r->announced_day);
    fc_json_out_list(out, "changes");
    for (uint32_t i = 0; i < r->changes_count; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "input", r->changes[i].input);
        fc_json_out_number(out, "factor", r->changes[i].factor);
        fc_json_out_bool(out, "reachable", r->changes[i].reachable != 0);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

fc_status fc_write_race_json(fc_text *text, const fc_race_result *result, const fc_race_study *study,
                             const fc_inputs *inputs, fc_error *error) {
    fc_json_out out = fc_json_out_start(text);
    fc_json_out_object(&out, NULL);
    write_head(&out, text, result, study, inputs);
    write_programmes(&out, result, study);
    write_chases(&out, result, study);
    write_changes(&out, result);
    if (study->has_wait) {
        write_dates(&out, "wait", &result->wait);
    } else {
        fc_json_out_null(&out, "wait");
    }
    fc_json_out_end_object(&out);
    return out.failed
               ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a result is not a finite number: please report this study")
               : FC_OK;
}
