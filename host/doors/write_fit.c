/* write_fit.c: the tables of a fit that people read, and CSV. */
#include "write_fit.h"

#include "../base/units.h"
#include "fit_spec.h"

#include <stdio.h> /* snprintf */
#include <string.h>

static const double PERCENT = 100.0;

/* ---- cells -------------------------------------------------------------------------------------------------------- */

int fc_fit_goal_met(const fc_fit_family *family, const fc_fit_errors *errors) {
    bool mean = family->goal_mean_abs_error_frac > 0;
    bool worst = family->goal_worst_abs_error_frac > 0;
    if (errors->count == 0 || (!mean && !worst)) {
        return -1;
    }
    return (!mean || errors->mean_abs_error_frac <= family->goal_mean_abs_error_frac) &&
           (!worst || errors->worst_abs_error_frac <= family->goal_worst_abs_error_frac);
}

const fc_fit_family *fc_fit_family_named(const fc_fit_spec *spec, const char *name) {
    for (uint32_t i = 0; i < spec->families_count; ++i) {
        if (strcmp(spec->families[i].name, name) == 0) {
            return &spec->families[i];
        }
    }
    return NULL;
}

/* As the files have it: shares and counts bare, the rest with a unit. */
static void value_cell(fc_table *table, const fc_fit_parameter *parameter, double value) {
    enum { DIGITS = 4 };
    char text[64];
    fc_unit unit = fc_fit_field_row(parameter->fields)->unit;
    if (unit == FC_UNIT_FRAC || unit == FC_UNIT_NONE || unit == FC_UNIT_COUNT || unit == FC_UNIT_PER_H) {
        (void)snprintf(text, sizeof text, "%.*g", DIGITS, value);
    } else {
        fc_units_format(text, sizeof text, value, unit, DIGITS);
    }
    fc_table_cellf(table, "%s", text);
}

static void goal_cell(fc_table *table, double goal_frac) {
    if (goal_frac > 0) {
        fc_table_cellf(table, "%.3g", PERCENT * goal_frac);
    } else {
        fc_table_cellf(table, "%s", "");
    }
}

static void goal_cells(fc_table *table, const fc_fit_family *family, const fc_fit_errors *errors) {
    static const char *const words[] = {"", "no", "yes"};
    goal_cell(table, family != NULL ? family->goal_mean_abs_error_frac : 0);
    goal_cell(table, family != NULL ? family->goal_worst_abs_error_frac : 0);
    fc_table_cellf(table, "%s", words[family != NULL ? fc_fit_goal_met(family, errors) + 1 : 0]);
}

static void error_cells(fc_table *table, const fc_fit_errors *errors) {
    fc_table_cellf(table, "%.1f", PERCENT * errors->median_abs_error_frac);
    fc_table_cellf(table, "%.1f", PERCENT * errors->mean_abs_error_frac);
    fc_table_cellf(table, "%.1f", PERCENT * errors->worst_abs_error_frac);
}

static void coverage_cell(fc_table *table, double coverage_frac) {
    if (coverage_frac >= 0) {
        fc_table_cellf(table, "%.0f", PERCENT * coverage_frac);
    } else {
        fc_table_cellf(table, "%s", "");
    }
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static fc_table *start(fc_text *text, const char *alignment, const char *const *heading) {
    fc_table *table = fc_table_start(text->arena, alignment);
    if (table == NULL) {
        text->failed = true;
        return NULL;
    }
    fc_table_heading(table, heading);
    return table;
}

static fc_table *parameter_table(fc_text *text, const fc_fit_page *page) {
    static const char *const heading[] = {"parameter",          "start", "fitted", "p10", "p90", "runs", "at",
                                          "trades off against", "r"};
    fc_table *table = start(text, "lrrrrrllr", heading);
    for (uint32_t i = 0; table != NULL && i < page->spec->parameters_count; ++i) {
        const fc_fit_parameter *parameter = &page->spec->parameters[i];
        const fc_fit_value *value = &page->result->values[i];
        bool open = value->rows_count == 0;
        bool traded = !open && value->partner >= 0;
        fc_table_cellf(table, "%s", parameter->name);
        value_cell(table, parameter, parameter->start);
        value_cell(table, parameter, value->value);
        value_cell(table, parameter, value->p10);
        value_cell(table, parameter, value->p90);
        fc_table_cellf(table, "%u", value->rows_count);
        fc_table_cellf(table, "%s", open ? "no run decides it" : value->at_bound ? "a bound" : "");
        fc_table_cellf(table, "%s", traded ? page->spec->parameters[value->partner].name : "");
        if (traded) {
            fc_table_cellf(table, "%.2f", value->correlation);
        } else {
            fc_table_cellf(table, "%s", "");
        }
    }
    return table;
}

static fc_table *family_table(fc_text *text, const fc_fit_page *page) {
    static const char *const heading[] = {"family",  "runs",        "median %",     "mean %",
                                          "worst %", "goal mean %", "goal worst %", "met"};
    fc_table *table = start(text, "lrrrrrrl", heading);
    for (uint32_t i = 0; table != NULL && i < page->spec->families_count; ++i) {
        const fc_fit_errors *errors = &page->result->fitted[i];
        if (errors->count > 0) {
            fc_table_cellf(table, "%s", page->spec->families[i].name);
            fc_table_cellf(table, "%u", errors->count);
            error_cells(table, errors);
            goal_cells(table, &page->spec->families[i], errors);
        }
    }
    if (table != NULL) {
        fc_table_cellf(table, "all");
        fc_table_cellf(table, "%u", page->result->fitted_total.count);
        error_cells(table, &page->result->fitted_total);
        goal_cells(table, NULL, NULL);
    }
    return table;
}

static fc_table *left_out_table(fc_text *text, const fc_fit_page *page) {
    static const char *const heading[] = {"left out",        "runs",
                                          "fitted median %", "fitted mean %",
                                          "fitted worst %",  "left-out median %",
                                          "left-out mean %", "left-out worst %",
                                          "in range %",      "goal mean %",
                                          "goal worst %",    "met"};
    fc_table *table = start(text, "lrrrrrrrrrrl", heading);
    for (uint32_t i = 0; table != NULL && i < page->left_out_count; ++i) {
        const fc_fit_left_out *left = &page->left_out[i];
        const fc_fit_errors *errors = &left->without->left_out_total;
        fc_table_cellf(table, "%s", left->name);
        fc_table_cellf(table, "%u", errors->count);
        error_cells(table, &left->with->left_out_total);
        error_cells(table, errors);
        coverage_cell(table, left->coverage_frac);
        goal_cells(table, fc_fit_family_named(page->spec, left->name), errors);
    }
    return table;
}

/* ---- pages -------------------------------------------------------------------------------------------------------- */

static void add_opening(fc_text *out, const fc_fit_page *page) {
    fc_fit_counts counts = fc_fit_counts_of(page->problem);
    fc_text_addf(out, "%u parameters fitted to %u of %u published runs.\n", page->spec->parameters_count,
                 page->result->rows_count, counts.rows);
    fc_text_addf(out, "Not fitted: %u suspect, %u in no family, %u that cannot be read, %u that cannot be timed.\n",
                 counts.suspect, counts.no_family, counts.not_readable, counts.not_timed);
    fc_text_add(out, "Errors are |predicted / measured - 1| of the step time.\n");
}

/* p10 and p90 of measured over predicted, beside a measured run and further on. */
static void add_law(fc_text *out, const fc_fit_page *page) {
    static const double distances[] = {0, 1, 2, 4};
    if (page->law == NULL) {
        return;
    }
    fc_text_addf(out,
                 "\nThe model's own p10 to p90 holds %.0f %% of the runs left out, each family by a law learned "
                 "without it. Measured over predicted, from the runs of all:\n",
                 PERCENT * page->coverage_frac);
    for (size_t i = 0; i < sizeof distances / sizeof distances[0]; ++i) {
        double dense[2];
        double moe[2];
        fc_domain_factor(&dense[0], &dense[1], page->law, 0, distances[i]);
        fc_domain_factor(&moe[0], &moe[1], page->law, 1, distances[i]);
        fc_text_addf(out, "- at distance %.0f: dense %.2f to %.2f, experts %.2f to %.2f\n", distances[i], dense[0],
                     dense[1], moe[0], moe[1]);
    }
}

static const char LEFT_OUT_TITLE[] = "Fitted without them: the figure that counts";

void fc_write_fit_text(fc_text *out, const fc_fit_page *page, int width) {
    add_opening(out, page);
    fc_table *parameters = parameter_table(out, page);
    fc_table *families = family_table(out, page);
    fc_table *left = page->left_out_count > 0 ? left_out_table(out, page) : NULL;
    if (parameters == NULL || families == NULL) {
        return;
    }
    fc_text_add(out, "\nParameters\n");
    fc_table_print(parameters, out, 2, width);
    fc_text_add(out, "\nFamilies, fitted\n");
    fc_table_print(families, out, 2, width);
    if (left != NULL) {
        fc_text_addf(out, "\n%s\n", LEFT_OUT_TITLE);
        fc_table_print(left, out, 2, width);
    }
    add_law(out, page);
}

void fc_write_fit_markdown(fc_text *out, const fc_fit_page *page) {
    fc_table *parameters = parameter_table(out, page);
    fc_table *families = family_table(out, page);
    fc_table *left = page->left_out_count > 0 ? left_out_table(out, page) : NULL;
    if (parameters == NULL || families == NULL) {
        return;
    }
    add_opening(out, page);
    fc_text_add(out, "\n## Parameters\n\n");
    fc_table_print_markdown(parameters, out);
    fc_text_add(out, "\n## Families, fitted\n\n");
    fc_table_print_markdown(families, out);
    if (left != NULL) {
        fc_text_addf(out, "\n## %s\n\n", LEFT_OUT_TITLE);
        fc_table_print_markdown(left, out);
    }
    add_law(out, page);
}

void fc_write_fit_csv(fc_text *out, const fc_fit_page *page) {
    fc_table *table = page->left_out_count > 0 ? left_out_table(out, page) : parameter_table(out, page);
    if (table != NULL) {
        fc_table_print_csv(table, out);
    }
}
