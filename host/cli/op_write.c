/* op_write.c: what `op` prints: groups first, then row by row. */
#include "op_rows.h"

#include "../doors/json_out.h"
#include "../doors/kernel_table.h"
#include "../doors/say.h"
#include "../doors/table.h"

#include <stdbool.h>
#include <stdio.h>

/* A terminal is for reading: more rows than this go to csv or json. */
#define MOST_TEXT_ROWS 40

static const char *kind_name(const fc_kernel_row *row) { return fc_kernel_info_of((fc_kernel_kind)row->kind)->name; }

/* "m 4096 n 4096 k 128" */
static void say_shape(char *out, size_t out_size, const fc_kernel_row *row) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)row->kind);
    size_t used = 0;
    for (uint32_t i = 0; i < info->dims_count && used < out_size; i++) {
        char value[64];
        fc_kernel_dim_say(value, sizeof value, row, i);
        int added = snprintf(out + used, out_size - used, "%s%s %s", i > 0 ? " " : "", info->dims[i], value);
        used += added > 0 ? (size_t)added : 0;
    }
}

static void say_seconds(char *out, size_t out_size, double seconds) {
    if (seconds > 0.0) {
        (void)fc_say(out, out_size, seconds, FC_UNIT_S, 3);
    } else {
        (void)snprintf(out, out_size, "-");
    }
}

/* ", published" or ", assumed: 1.2 ms to 1.5 ms": what the answer rests on. */
static void say_grade(char *out, size_t out_size, const fc_op_result *result) {
    const fc_kernel_curve *curve = result->curve;
    out[0] = '\0';
    if (curve == NULL || !(result->predicted_s > 0.0)) {
        return;
    }
    char low[32];
    char high[32];
    say_seconds(low, sizeof low, result->predicted_s / curve->high_frac);
    say_seconds(high, sizeof high, result->predicted_s / curve->low_frac);
    if (curve->low_frac < 1.0 || curve->high_frac > 1.0) {
        (void)snprintf(out, out_size, "%s: %s to %s", fc_grade_name(curve->grade), low, high);
    } else {
        (void)snprintf(out, out_size, "%s", fc_grade_name(curve->grade));
    }
}

static void add_result(fc_table *table, const fc_op_result *result) {
    char shape[240];
    char predicted[32];
    char measured[32];
    char off[32] = "-";
    char grade[96];
    say_grade(grade, sizeof grade, result);
    say_shape(shape, sizeof shape, result->row);
    say_seconds(predicted, sizeof predicted, result->predicted_s);
    say_seconds(measured, sizeof measured, result->row->seconds);
    if (result->predicted_s > 0.0 && result->row->seconds > 0.0) {
        (void)fc_say_percent(off, sizeof off, result->predicted_s / result->row->seconds - 1.0);
    }
    const char *cells[] = {result->row->chip,
                           fc_dtype_name((fc_dtype)result->row->dtype),
                           kind_name(result->row),
                           shape,
                           predicted,
                           measured,
                           off,
                           grade,
                           result->reason != NULL ? result->reason : ""};
    fc_table_row(table, cells);
}

static fc_table *result_table(fc_arena *arena, const fc_op_answer *answer, size_t most) {
    static const char *const heading[] = {"chip",     "dtype", "op",    "shape",  "predicted",
                                          "measured", "off",   "grade", "why not"};
    fc_table *table = fc_table_start(arena, "llllrrrll");
    if (table != NULL) {
        fc_table_heading(table, heading);
        for (size_t i = 0; i < answer->results_count && i < most; i++) {
            add_result(table, &answer->results[i]);
        }
    }
    return table;
}

static fc_table *group_table(fc_arena *arena, const fc_op_answer *answer) {
    static const char *const heading[] = {"chip", "dtype", "op", "rows", "median error", "p90 error"};
    fc_table *table = fc_table_start(arena, "lllrrr");
    if (table == NULL) {
        return NULL;
    }
    fc_table_heading(table, heading);
    for (size_t i = 0; i < answer->groups_count; i++) {
        const fc_op_group *group = &answer->groups[i];
        fc_table_cellf(table, "%s", group->chip);
        fc_table_cellf(table, "%s", fc_dtype_name((fc_dtype)group->curve->dtype));
        fc_table_cellf(table, "%s", fc_kernel_info_of((fc_kernel_kind)group->curve->kind)->name);
        fc_table_cellf(table, "%zu", group->count);
        fc_table_cellf(table, "%.1f %%", 100.0 * group->median_abs_error_frac);
        fc_table_cellf(table, "%.1f %%", 100.0 * group->p90_abs_error_frac);
    }
    return table;
}

/* The answer, on the first line. */
static void write_headline(fc_text *out, const fc_op_answer *answer) {
    char shape[240];
    char predicted[32];
    char grade[96];
    const fc_op_result *only = answer->results;
    if (answer->results_count == 1) {
        say_shape(shape, sizeof shape, only->row);
        say_seconds(predicted, sizeof predicted, only->predicted_s);
        const bool graded = only->reason == NULL && only->curve->basis[0] != '\0';
        say_grade(grade, sizeof grade, only);
        fc_text_addf(out, "%s %s on %s, %s: %s%s%s%s\n", fc_dtype_name((fc_dtype)only->row->dtype),
                     kind_name(only->row), only->row->chip, shape, only->reason != NULL ? only->reason : predicted,
                     graded ? " (" : "", graded ? grade : "", graded ? ")" : "");
        return;
    }
    fc_text_addf(out, "%zu of %zu operations predicted", answer->predicted_count, answer->results_count);
    size_t count = 0;
    double worst = 0.0;
    for (size_t i = 0; i < answer->groups_count; i++) {
        count += answer->groups[i].count;
        worst = answer->groups[i].median_abs_error_frac > worst ? answer->groups[i].median_abs_error_frac : worst;
    }
    if (count > 0) {
        fc_text_addf(out, "; %zu have a measured time: median error by group up to %.1f %%", count, 100.0 * worst);
    }
    fc_text_add(out, "\n");
}

static void print(const fc_table *table, fc_text *out, int width) {
    if (table == NULL) {
        out->failed = true;
        return;
    }
    fc_text_add(out, "\n");
    fc_table_print(table, out, 2, width);
}

/* Whether an earlier result came from the same curve. */
static bool is_told(const fc_op_answer *answer, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (answer->results[i].curve == answer->results[index].curve) {
            return true;
        }
    }
    return false;
}

/* What curves rest on that nobody fitted, each once; MOST_TEXT_ROWS rows are looked at. */
static void write_bases(fc_text *out, const fc_op_answer *answer) {
    for (size_t i = 0; i < answer->results_count && i < MOST_TEXT_ROWS; i++) {
        const fc_kernel_curve *curve = answer->results[i].curve;
        if (curve != NULL && curve->basis[0] != '\0' && !is_told(answer, i)) {
            fc_text_addf(out, "\n%s %s %s is %s: %s\n", answer->results[i].row->chip,
                         fc_dtype_name((fc_dtype)curve->dtype), kind_name(answer->results[i].row),
                         fc_grade_name(curve->grade), curve->basis);
        }
    }
}

void fc_op_write_text(fc_text *out, const fc_op_answer *answer, int width) {
    write_headline(out, answer);
    if (answer->groups_count > 0) {
        print(group_table(out->arena, answer), out, width);
    }
    print(result_table(out->arena, answer, MOST_TEXT_ROWS), out, width);
    if (answer->results_count > MOST_TEXT_ROWS) {
        fc_text_addf(out, "\n%zu rows more: --format csv or json shows all\n", answer->results_count - MOST_TEXT_ROWS);
    }
    write_bases(out, answer);
}

void fc_op_write_markdown(fc_text *out, const fc_op_answer *answer) {
    write_headline(out, answer);
    fc_table *groups = group_table(out->arena, answer);
    fc_table *rows = result_table(out->arena, answer, answer->results_count);
    if (groups == NULL || rows == NULL) {
        out->failed = true;
        return;
    }
    fc_text_add(out, "\n");
    fc_table_print_markdown(groups, out);
    fc_text_add(out, "\n");
    fc_table_print_markdown(rows, out);
    write_bases(out, answer);
}

void fc_op_write_csv(fc_text *out, const fc_op_answer *answer) {
    fc_text_add(out, "chip,dtype,op,shape,predicted_s,measured_s,reason,grade\n");
    for (size_t i = 0; i < answer->results_count; i++) {
        const fc_op_result *result = &answer->results[i];
        char shape[240];
        char predicted[40] = "";
        char measured[40] = "";
        say_shape(shape, sizeof shape, result->row);
        if (result->predicted_s > 0.0) {
            fc_units_format_exact(predicted, sizeof predicted, result->predicted_s);
        }
        if (result->row->seconds > 0.0) {
            fc_units_format_exact(measured, sizeof measured, result->row->seconds);
        }
        fc_text_addf(out, "%s,%s,%s,%s,%s,%s,%s,%s\n", result->row->chip, fc_dtype_name((fc_dtype)result->row->dtype),
                     kind_name(result->row), shape, predicted, measured, result->reason != NULL ? result->reason : "",
                     result->predicted_s > 0.0 ? fc_grade_name(result->curve->grade) : "");
    }
}

static void write_json_grade(fc_json_out *json, const fc_op_result *result) {
    const fc_kernel_curve *curve = result->curve;
    fc_json_out_text(json, "grade", fc_grade_name(curve->grade));
    if (curve->low_frac < 1.0 || curve->high_frac > 1.0) {
        fc_json_out_number(json, "predicted_low_s", result->predicted_s / curve->high_frac);
        fc_json_out_number(json, "predicted_high_s", result->predicted_s / curve->low_frac);
    }
    if (curve->basis[0] != '\0') {
        fc_json_out_text(json, "basis", curve->basis);
    }
}

static void write_json_row(fc_json_out *json, const fc_op_result *result) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)result->row->kind);
    fc_json_out_object(json, NULL);
    fc_json_out_text(json, "chip", result->row->chip);
    fc_json_out_text(json, "dtype", fc_dtype_name((fc_dtype)result->row->dtype));
    fc_json_out_text(json, "op", info->name);
    for (uint32_t i = 0; i < info->dims_count; i++) {
        if (fc_kernel_is_exponent(result->row->kind, i)) {
            char value[64];
            fc_kernel_dim_say(value, sizeof value, result->row, i);
            fc_json_out_text(json, info->dims[i], value);
        } else {
            fc_json_out_count(json, info->dims[i], result->row->dims[i]);
        }
    }
    if (result->predicted_s > 0.0) {
        fc_json_out_number(json, "predicted_s", result->predicted_s);
        write_json_grade(json, result);
    } else {
        fc_json_out_null(json, "predicted_s");
        fc_json_out_text(json, "reason", result->reason);
    }
    if (result->row->seconds > 0.0) {
        fc_json_out_number(json, "measured_s", result->row->seconds);
        if (result->predicted_s > 0.0) {
            fc_json_out_number(json, "error_frac", result->predicted_s / result->row->seconds - 1.0);
        }
    }
    fc_json_out_end_object(json);
}

fc_status fc_op_write_json(fc_text *out, const fc_op_answer *answer, fc_error *error) {
    fc_json_out json = fc_json_out_start(out);
    fc_json_out_object(&json, NULL);
    fc_json_out_count(&json, "schema_version", FC_SCHEMA_VERSION);
    fc_json_out_text(&json, "command", "op");
    fc_json_out_text(&json, "flopcast_version", FC_VERSION);
    fc_json_out_list(&json, "groups");
    for (size_t i = 0; i < answer->groups_count; i++) {
        const fc_op_group *group = &answer->groups[i];
        fc_json_out_object(&json, NULL);
        fc_json_out_text(&json, "chip", group->chip);
        fc_json_out_text(&json, "dtype", fc_dtype_name((fc_dtype)group->curve->dtype));
        fc_json_out_text(&json, "op", fc_kernel_info_of((fc_kernel_kind)group->curve->kind)->name);
        fc_json_out_count(&json, "count", (double)group->count);
        fc_json_out_number(&json, "median_abs_error_frac", group->median_abs_error_frac);
        fc_json_out_number(&json, "p90_abs_error_frac", group->p90_abs_error_frac);
        fc_json_out_end_object(&json);
    }
    fc_json_out_end_list(&json);
    fc_json_out_list(&json, "rows");
    for (size_t i = 0; i < answer->results_count; i++) {
        write_json_row(&json, &answer->results[i]);
    }
    fc_json_out_end_list(&json);
    fc_json_out_end_object(&json);
    return json.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a number of the result was not finite") : FC_OK;
}
