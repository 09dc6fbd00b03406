/* sweep_write.c: rows of a sweep as CSV and as JSON Lines: the same columns under the same names. */
#include "sweep.h"

#include "../base/text.h"

#include <math.h> /* isfinite */
#include <string.h>

typedef enum column_kind { COLUMN_NUMBER = 0, COLUMN_U32, COLUMN_I32, COLUMN_SWITCH, COLUMN_RECOMPUTE } column_kind;

/* What stands behind the axes. Blank, or null, where `needs` is not known. */
typedef struct column {
    const char *name;
    uint32_t needs;
    column_kind kind;
    size_t offset;
} column;

#define RESULT(name, needs, kind)                                                                                      \
    { #name, needs, kind, offsetof(fc_sweep_result, name) }
#define PLAN(name, kind)                                                                                               \
    { #name, FC_SWEEP_PLANNED, kind, offsetof(fc_sweep_result, plan.name) }
#define RANGE(name, needs, member)                                                                                     \
    { name, needs, COLUMN_NUMBER, offsetof(fc_sweep_result, member) }

static const column columns[] = {
    RESULT(fits, FC_SWEEP_PLANNED, COLUMN_SWITCH),
    RESULT(time_s, FC_SWEEP_TIMED, COLUMN_NUMBER),
    RESULT(mfu_frac, FC_SWEEP_TIMED, COLUMN_NUMBER),
    RESULT(tokens_per_s, FC_SWEEP_TIMED, COLUMN_NUMBER),
    RESULT(chips_used_count, FC_SWEEP_TIMED, COLUMN_NUMBER),
    RESULT(per_chip_bytes, FC_SWEEP_PLANNED, COLUMN_NUMBER),
    RESULT(days, FC_SWEEP_TIMED, COLUMN_NUMBER),
    RESULT(goodput_frac, FC_SWEEP_TIMED, COLUMN_NUMBER),
    RESULT(total_usd, FC_SWEEP_PRICED, COLUMN_NUMBER),
    RESULT(usd_per_mtoken, FC_SWEEP_PRICED, COLUMN_NUMBER),
    RESULT(energy_mwh, FC_SWEEP_POWERED, COLUMN_NUMBER),
    PLAN(tp, COLUMN_U32),
    PLAN(pp, COLUMN_U32),
    PLAN(vpp, COLUMN_U32),
    PLAN(dp, COLUMN_U32),
    PLAN(cp, COLUMN_U32),
    PLAN(ep, COLUMN_U32),
    PLAN(micro_batch, COLUMN_U32),
    PLAN(global_batch, COLUMN_U32),
    PLAN(recompute, COLUMN_RECOMPUTE),
    PLAN(zero, COLUMN_I32),
    PLAN(sequence_parallel, COLUMN_I32),
};
/* With --ranges. */
static const column range_columns[] = {
    RANGE("days_p10", FC_SWEEP_RANGED, days_range.p10),
    RANGE("days_p50", FC_SWEEP_RANGED, days_range.p50),
    RANGE("days_p90", FC_SWEEP_RANGED, days_range.p90),
    RANGE("total_usd_p10", FC_SWEEP_RANGED | FC_SWEEP_PRICED, total_usd_range.p10),
    RANGE("total_usd_p50", FC_SWEEP_RANGED | FC_SWEEP_PRICED, total_usd_range.p50),
    RANGE("total_usd_p90", FC_SWEEP_RANGED | FC_SWEEP_PRICED, total_usd_range.p90),
};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const column *column_at(const fc_sweep *sweep, size_t index) {
    if (index < COUNT(columns)) {
        return &columns[index];
    }
    index -= COUNT(columns);
    return sweep->ranges && index < COUNT(range_columns) ? &range_columns[index] : NULL;
}

static const char *status_word(fc_status status) {
    switch (status) {
    case FC_OK:
        return "ok";
    case FC_INFEASIBLE:
        return "infeasible";
    case FC_OVER_LIMIT:
        return "over_limit";
    default:
        return "refused";
    }
}

/* ---- cells ------------------------------------------------------------------------------------------------------------ */

/* A sheet would take a text that begins like this for a formula. */
static bool is_formula(const char *text) { return text[0] != '\0' && strchr("=+-@", text[0]) != NULL; }

static void csv_text(fc_text *out, const char *text, bool number) {
    bool quoted = text[strcspn(text, ",\"")] != '\0';
    fc_text_add(out, quoted ? "\"" : "");
    fc_text_add(out, !number && is_formula(text) ? "'" : "");
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        fc_text_add(out, byte == '"' ? "\"" : "");
        fc_text_add_bytes(out, byte < 0x20 || byte == 0x7f ? " " : c, 1);
    }
    fc_text_add(out, quoted ? "\"" : "");
}

static void json_text(fc_text *out, const char *text) {
    fc_text_add(out, "\"");
    for (const char *c = text; *c != '\0';) {
        unsigned char byte = (unsigned char)*c;
        size_t size = fc_text_character_size(c, strlen(c));
        if (size == 0) {
            fc_text_add(out, "\\ufffd");
        } else if (byte < 0x20 || byte == 0x7f) {
            fc_text_addf(out, "\\u%04x", byte);
        } else {
            fc_text_add(out, byte == '"' || byte == '\\' ? "\\" : "");
            fc_text_add_bytes(out, c, size);
        }
        c += size > 0 ? size : 1;
    }
    fc_text_add(out, "\"");
}

typedef struct row_out {
    fc_text *text;
    fc_sweep_format format;
    bool not_finite;
} row_out;

/* Every cell but the first: its separator and, in JSON, its name. */
static void begin_cell(row_out *out, const char *name) {
    fc_text_add(out->text, ",");
    if (out->format == FC_SWEEP_JSONL) {
        fc_text_add(out->text, " ");
        json_text(out->text, name);
        fc_text_add(out->text, ": ");
    }
}

static void text_cell(row_out *out, const char *name, const char *text, bool number) {
    begin_cell(out, name);
    if (out->format == FC_SWEEP_CSV) {
        csv_text(out->text, text, number);
    } else if (number) {
        fc_text_add(out->text, text);
    } else {
        json_text(out->text, text);
    }
}

static void number_cell(row_out *out, const char *name, double value) {
    char text[64];
    out->not_finite = out->not_finite || !isfinite(value);
    fc_units_format_exact(text, sizeof text, value);
    text_cell(out, name, text, true);
}

static void blank_cell(row_out *out, const char *name) {
    begin_cell(out, name);
    fc_text_add(out->text, out->format == FC_SWEEP_JSONL ? "null" : "");
}

static void result_cell(row_out *out, const column *c, const fc_sweep_result *result) {
    const char *at = (const char *)result + c->offset;
    double f64 = 0;
    uint32_t u32 = 0;
    int32_t i32 = 0;
    if ((result->known & c->needs) != c->needs) {
        blank_cell(out, c->name);
        return;
    }
    switch (c->kind) {
    case COLUMN_NUMBER:
        memcpy(&f64, at, sizeof f64);
        number_cell(out, c->name, f64);
        return;
    case COLUMN_U32:
        memcpy(&u32, at, sizeof u32);
        number_cell(out, c->name, u32);
        return;
    case COLUMN_I32:
        memcpy(&i32, at, sizeof i32);
        number_cell(out, c->name, i32);
        return;
    case COLUMN_SWITCH:
        text_cell(out, c->name, *at != 0 ? "true" : "false", true);
        return;
    default:
        memcpy(&u32, at, sizeof u32);
        text_cell(out, c->name, fc_fields_find(fc_fields_noun(FC_NOUN_PLAN), "recompute")->names[u32], false);
    }
}

/* ---- lines ------------------------------------------------------------------------------------------------------------ */

void fc_sweep_write_head(fc_text *out, const fc_sweep *sweep, fc_sweep_format format) {
    if (format == FC_SWEEP_JSONL) {
        return;
    }
    fc_text_add(out, "sweep,row");
    for (uint32_t i = 0; i < sweep->axes_count; i++) {
        fc_text_add(out, ",");
        csv_text(out, sweep->axes[i].key, false);
    }
    fc_text_add(out, ",status");
    for (size_t i = 0; column_at(sweep, i) != NULL; i++) {
        fc_text_addf(out, ",%s", column_at(sweep, i)->name);
    }
    fc_text_add(out, ",reason\n");
}

/* What the line of this row begins with, up to the comma of its first axis. */
static void begin_row(fc_text *out, const fc_sweep *sweep, fc_sweep_format format, uint64_t row) {
    if (format == FC_SWEEP_JSONL) {
        fc_text_addf(out, "{\"sweep\": \"%s\", \"row\": %llu", sweep->mark, (unsigned long long)row);
    } else {
        fc_text_addf(out, "%s,%llu", sweep->mark, (unsigned long long)row);
    }
}

fc_status fc_sweep_write_row(fc_text *out, const fc_sweep *sweep, fc_sweep_format format, uint64_t row,
                             const fc_sweep_result *result, fc_error *error) {
    row_out line = {.text = out, .format = format};
    begin_row(out, sweep, format, row);
    for (uint32_t i = 0; i < sweep->axes_count; i++) {
        const fc_sweep_value *value = fc_sweep_value_at(sweep, i, row);
        text_cell(&line, sweep->axes[i].key, value->shown, value->number);
    }
    text_cell(&line, "status", status_word(result->status), false);
    for (size_t i = 0; column_at(sweep, i) != NULL; i++) {
        result_cell(&line, column_at(sweep, i), result);
    }
    if (result->reason[0] != '\0') {
        text_cell(&line, "reason", result->reason, false);
    } else {
        blank_cell(&line, "reason");
    }
    fc_text_add(out, format == FC_SWEEP_JSONL ? "}\n" : "\n");
    if (line.not_finite) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                            "row %llu of the sweep has a number that is not finite: a mistake of the program",
                            (unsigned long long)row);
    }
    return FC_OK;
}
