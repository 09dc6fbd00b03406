/* show_headline.c: the one line that most people wanted. */
#include "show.h"

#include "../base/units.h"
#include "entry.h"

#include <string.h>

/* What is appended piece by piece; memory that runs out is seen by main when it writes the result. */
typedef struct line {
    fc_text text;
    const fc_shown *shown;
} line;

bool fc_show_age(double *out_days, const fc_shown *shown, const char *date) {
    double day = 0.0;
    if (date[0] == '\0' || fc_units_parse(&day, date, FC_UNIT_DATE, NULL) != FC_OK) {
        return false;
    }
    *out_days = shown->today - day;
    return true;
}

/* ", 80.0 GiB" with the words around it; nothing where the entry does not know. */
static bool add_number(line *l, const char *before, const char *path, fc_unit unit, const char *after) {
    double value = 0.0;
    if (!fc_entry_number(&value, l->shown->entry, path, unit)) {
        return false;
    }
    char text[64];
    fc_units_format(text, sizeof text, value, unit, 0);
    fc_text_addf(&l->text, "%s%s%s", before, text, after);
    return true;
}

static bool add_word(line *l, const char *before, const char *path, const char *after) {
    const char *text = fc_entry_clean(l->shown->arena, fc_entry_text(l->shown->entry, path));
    if (text[0] == '\0') {
        return false;
    }
    fc_text_addf(&l->text, "%s%s%s", before, text, after);
    return true;
}

static void add_chip(line *l) {
    static const fc_dtype best_first[] = {FC_DTYPE_BF16, FC_DTYPE_FP16, FC_DTYPE_TF32, FC_DTYPE_FP32, FC_DTYPE_FP8};
    bool rated = false;
    for (size_t i = 0; i < sizeof best_first / sizeof best_first[0] && !rated; i++) {
        const char *dtype = fc_dtype_name(best_first[i]);
        const char *path = fc_arena_printf(l->shown->arena, "peak_%s", dtype);
        rated = path != NULL && add_number(l, " ", path, FC_UNIT_FLOP_PER_S, " dense ");
        fc_text_add(&l->text, rated ? dtype : "");
    }
    fc_text_add(&l->text, rated ? "" : " peak rate unknown");
    if (add_number(l, ", ", "memory", FC_UNIT_BYTES, "")) {
        (void)add_number(l, " at ", "memory_bw", FC_UNIT_BYTES_PER_S, "");
    }
    bool made = add_word(l, " (", "vendor", "");
    bool dated = add_word(l, made ? ", released " : " (released ", "released", "");
    fc_text_add(&l->text, made || dated ? ")" : "");
}

static void add_model(line *l) {
    (void)add_number(l, " ", "layers", FC_UNIT_COUNT, " layers");
    (void)add_number(l, " of width ", "hidden", FC_UNIT_COUNT, "");
    (void)add_number(l, ", ", "heads", FC_UNIT_COUNT, " heads");
    (void)add_number(l, ", ", "experts", FC_UNIT_COUNT, " experts");
    (void)add_number(l, " of which a token visits ", "experts_per_token", FC_UNIT_COUNT, "");
    (void)add_number(l, ", ", "published_params", FC_UNIT_TOKENS, " parameters as published");
    (void)add_number(l, ", ", "published_active_params", FC_UNIT_TOKENS, " active");
}

/* Several kinds of chip: "150000 h100-sxm + 50000 h200-sxm". */
static void add_parts(line *l, const fc_node *parts) {
    for (const fc_node *part = parts->first; part != NULL; part = part->next) {
        double chips_count = 0.0;
        char text[64] = "?";
        if (fc_entry_number(&chips_count, part, "chips", FC_UNIT_COUNT)) {
            fc_units_format(text, sizeof text, chips_count, FC_UNIT_COUNT, 0);
        }
        const char *chip = fc_entry_clean(l->shown->arena, fc_entry_text(part, "chip"));
        fc_text_addf(&l->text, "%s %s %s", part != parts->first ? " +" : "", text, chip);
    }
}

static void add_cluster(line *l) {
    const fc_node *parts = fc_node_get(l->shown->entry, "parts");
    if (parts != NULL) {
        add_parts(l, parts);
        return;
    }
    bool counted = add_number(l, " ", "chips", FC_UNIT_COUNT, " chips");
    (void)add_word(l, counted ? " of " : " ", "chip", "");
    (void)add_number(l, " in ", "sites", FC_UNIT_COUNT, " sites");
}

static void add_deal(line *l) {
    bool counted = add_number(l, " ", "chips", FC_UNIT_COUNT, " chips");
    bool named = add_word(l, counted ? ", " : " ", "hardware", "");
    bool paid = add_number(l, counted || named ? ", " : " ", "usd_per_month", FC_UNIT_USD_PER_MONTH, "");
    (void)add_number(l, counted || named || paid ? ", " : " ", "money", FC_UNIT_USD, "");
    (void)add_word(l, " (", "status", ")");
}

static void add_organisation(line *l) {
    bool raised = add_number(l, " raised ", "raised_usd", FC_UNIT_USD, "");
    bool valued = add_number(l, raised ? ", valued at " : " valued at ", "valuation_usd", FC_UNIT_USD, "");
    (void)add_number(l, raised || valued ? ", staff " : " staff ", "staff", FC_UNIT_COUNT, "");
}

static void add_price(line *l) {
    static const struct {
        const char *key;
        fc_unit unit;
        const char *after;
    } rows[] = {{"usd_per_chip_h", FC_UNIT_USD_PER_H, " a chip"},
                {"usd_per_chip", FC_UNIT_USD, " a chip"},
                {"usd_per_kwh", FC_UNIT_USD_PER_KWH, ""}};
    const fc_node *price = fc_entry_default_price(l->shown->entry);
    double value = 0.0;
    size_t i = 0;
    while (i < sizeof rows / sizeof rows[0] && !fc_entry_number(&value, price, rows[i].key, rows[i].unit)) {
        i++;
    }
    if (i == sizeof rows / sizeof rows[0]) {
        return;
    }
    char text[64];
    fc_units_format(text, sizeof text, value, rows[i].unit, 0);
    const char *what = fc_entry_clean(l->shown->arena, fc_entry_text(price, "what"));
    const char *date = fc_entry_clean(l->shown->arena, fc_entry_text(price, "date"));
    fc_text_addf(&l->text, " %s%s%s%s", text, rows[i].after, what[0] != '\0' ? ", " : "", what);
    double age_days = 0.0;
    if (fc_show_age(&age_days, l->shown, date)) {
        fc_text_addf(&l->text, " (of %s, %.0f days old)", date, age_days);
    }
}

const char *fc_show_headline(const fc_shown *shown) {
    static const struct {
        const char *kind;
        void (*add)(line *l);
    } rows[] = {{"chips", add_chip},   {"models", add_model}, {"clusters", add_cluster},
                {"prices", add_price}, {"deals", add_deal},   {"organisations", add_organisation}};
    line l = {.text = fc_text_start(shown->arena), .shown = shown};
    fc_text_addf(&l.text, "%s:", shown->name);
    size_t before = l.text.size;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].kind, shown->kind) == 0) {
            rows[i].add(&l);
        }
    }
    if (l.text.size == before && !add_word(&l, " ", "question", "") && !add_word(&l, " ", "about", "")) {
        fc_text_addf(&l.text, " an entry of %s", shown->kind);
    }
    return l.text.failed ? shown->name : l.text.bytes;
}
