/* write_fit_json.c: a fit to published runs for other programs. */
#include "write_fit.h"

#include <stdio.h> /* snprintf */

static void write_fields(fc_json_out *out, const fc_fit_parameter *parameter) {
    fc_json_out_list(out, "fields");
    for (uint32_t i = 0; i < parameter->fields_count; ++i) {
        const fc_fit_field *field = &parameter->fields[i];
        char path[2 * FC_NAME_SIZE + 16];
        const char *noun = field->noun == FC_FIT_STACK ? "stack" : "chip";
        (void)snprintf(path, sizeof path, "%s/%s/%s", noun, field->name, field->key);
        fc_json_out_text(out, NULL, path);
    }
    fc_json_out_end_list(out);
}

static void write_parameter(fc_json_out *out, const fc_fit_page *page, uint32_t index) {
    const fc_fit_parameter *parameter = &page->spec->parameters[index];
    const fc_fit_value *value = &page->result->values[index];
    bool traded = value->rows_count > 0 && value->partner >= 0;
    fc_json_out_object(out, NULL);
    fc_json_out_text(out, "name", parameter->name);
    write_fields(out, parameter);
    fc_json_out_number(out, "value", value->value);
    fc_json_out_number(out, "start", parameter->start);
    fc_json_out_number(out, "p10", value->p10);
    fc_json_out_number(out, "p90", value->p90);
    fc_json_out_number(out, "low", parameter->low);
    fc_json_out_number(out, "high", parameter->high);
    fc_json_out_bool(out, "at_bound", value->at_bound);
    fc_json_out_count(out, "runs_count", value->rows_count);
    fc_json_out_text(out, "trades_off_against", traded ? page->spec->parameters[value->partner].name : NULL);
    if (traded) {
        fc_json_out_number(out, "correlation", value->correlation);
    } else {
        fc_json_out_null(out, "correlation");
    }
    fc_json_out_end_object(out);
}

static void write_errors(fc_json_out *out, const fc_fit_errors *errors) {
    fc_json_out_number(out, "median_abs_error_frac", errors->median_abs_error_frac);
    fc_json_out_number(out, "mean_abs_error_frac", errors->mean_abs_error_frac);
    fc_json_out_number(out, "max_abs_error_frac", errors->worst_abs_error_frac);
}

/* `family` may be NULL: no goals. */
static void write_goals(fc_json_out *out, const fc_fit_family *family, const fc_fit_errors *errors) {
    int met = family != NULL ? fc_fit_goal_met(family, errors) : -1;
    if (family != NULL && family->goal_mean_abs_error_frac > 0) {
        fc_json_out_number(out, "goal_mean_abs_error_frac", family->goal_mean_abs_error_frac);
    }
    if (family != NULL && family->goal_worst_abs_error_frac > 0) {
        fc_json_out_number(out, "goal_max_abs_error_frac", family->goal_worst_abs_error_frac);
    }
    if (met >= 0) {
        fc_json_out_bool(out, "goal_met", met != 0);
    } else {
        fc_json_out_null(out, "goal_met");
    }
}

static void write_family(fc_json_out *out, const char *name, const fc_fit_family *family, const fc_fit_errors *errors) {
    fc_json_out_object(out, NULL);
    fc_json_out_text(out, "name", name);
    fc_json_out_count(out, "count", errors->count);
    write_errors(out, errors);
    write_goals(out, family, errors);
    fc_json_out_end_object(out);
}

static void write_left_out(fc_json_out *out, const fc_fit_page *page) {
    fc_json_out_list(out, "left_out");
    for (uint32_t i = 0; i < page->left_out_count; ++i) {
        const fc_fit_left_out *left = &page->left_out[i];
        const fc_fit_errors *errors = &left->without->left_out_total;
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", left->name);
        fc_json_out_count(out, "count", errors->count);
        fc_json_out_object(out, "fitted");
        write_errors(out, &left->with->left_out_total);
        fc_json_out_end_object(out);
        fc_json_out_object(out, "left_out");
        write_errors(out, errors);
        if (left->coverage_frac >= 0) {
            fc_json_out_number(out, "interval_coverage_frac", left->coverage_frac);
        }
        fc_json_out_end_object(out);
        write_goals(out, fc_fit_family_named(page->spec, left->name), errors);
        fc_json_out_object(out, "values");
        for (uint32_t j = 0; j < page->spec->parameters_count; ++j) {
            fc_json_out_number(out, page->spec->parameters[j].name, left->without->values[j].value);
        }
        fc_json_out_end_object(out);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
}

/* Nulls where nothing was learned. */
static void write_law(fc_json_out *out, const fc_fit_page *page) {
    const fc_domain *law = page->law;
    if (law == NULL) {
        fc_json_out_null(out, "interval_coverage_frac");
        fc_json_out_null(out, "error_law");
        return;
    }
    fc_json_out_number(out, "interval_coverage_frac", page->coverage_frac);
    fc_json_out_object(out, "error_law");
    fc_json_out_number(out, "low_dense", law->low_dense);
    fc_json_out_number(out, "low_moe", law->low_moe);
    fc_json_out_number(out, "low_growth", law->low_growth);
    fc_json_out_number(out, "high_dense", law->high_dense);
    fc_json_out_number(out, "high_moe", law->high_moe);
    fc_json_out_number(out, "high_growth", law->high_growth);
    fc_json_out_end_object(out);
}

static void write_counts(fc_json_out *out, const fc_fit_page *page) {
    fc_fit_counts counts = fc_fit_counts_of(page->problem);
    fc_json_out_object(out, "runs");
    fc_json_out_count(out, "read_count", counts.rows);
    fc_json_out_count(out, "fitted_count", page->result->rows_count);
    fc_json_out_count(out, "suspect_count", counts.suspect);
    fc_json_out_count(out, "no_family_count", counts.no_family);
    fc_json_out_count(out, "not_readable_count", counts.not_readable);
    fc_json_out_count(out, "not_timed_count", counts.not_timed);
    fc_json_out_end_object(out);
}

fc_status fc_write_fit_json(fc_text *out, const fc_fit_page *page, fc_error *error) {
    fc_json_out json = fc_json_out_start(out);
    fc_json_out_object(&json, NULL);
    fc_json_out_count(&json, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&json, "command", "fit");
    fc_json_out_text(&json, "flopcast_version", FC_VERSION);
    fc_json_out_number(&json, "fit_s", page->fit_s);
    fc_json_out_count(&json, "evaluations_count", page->result->evaluations_count);
    fc_json_out_number(&json, "sum_of_squares", page->result->sum);
    write_counts(&json, page);
    fc_json_out_list(&json, "parameters");
    for (uint32_t i = 0; i < page->spec->parameters_count; ++i) {
        write_parameter(&json, page, i);
    }
    fc_json_out_end_list(&json);
    fc_json_out_list(&json, "families");
    for (uint32_t i = 0; i < page->spec->families_count; ++i) {
        if (page->result->fitted[i].count > 0) {
            write_family(&json, page->spec->families[i].name, &page->spec->families[i], &page->result->fitted[i]);
        }
    }
    write_family(&json, "all", NULL, &page->result->fitted_total);
    fc_json_out_end_list(&json);
    write_left_out(&json, page);
    write_law(&json, page);
    fc_json_out_end_object(&json);
    return json.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a number of the fit was not finite") : FC_OK;
}
