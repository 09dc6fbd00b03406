/* cmd_list.c: what is known, a kind at a time. */
#include "cmd.h"

#include "../base/units.h"
#include "../doors/json_out.h"
#include "../doors/table.h"
#include "args.h"
#include "entry.h"

#include <string.h>

#define MOST_COLUMNS 10

typedef enum shape { SHAPE_TEXT, SHAPE_NUMBER } shape;

/* One column: where its value stands in an entry, and what it is called in JSON and CSV, unit included. */
typedef struct column {
    const char *heading;
    const char *key;
    const char *path;
    shape shape;
    fc_unit unit;
} column;

typedef struct listing {
    const char *kind;
    column columns[MOST_COLUMNS]; /* an empty heading ends */
} listing;

#define WORD(heading, key, path)                                                                                       \
    { heading, key, path, SHAPE_TEXT, FC_UNIT_NONE }
#define NUMBER(heading, key, path, unit)                                                                               \
    { heading, key, path, SHAPE_NUMBER, unit }

static const listing listings[] = {
    {"chips",
     {WORD("vendor", "vendor", "vendor"), NUMBER("bf16", "peak_bf16_flop_per_s", "peak_bf16", FC_UNIT_FLOP_PER_S),
      NUMBER("fp8", "peak_fp8_flop_per_s", "peak_fp8", FC_UNIT_FLOP_PER_S),
      NUMBER("memory", "memory_bytes", "memory", FC_UNIT_BYTES),
      NUMBER("bandwidth", "memory_bytes_per_s", "memory_bw", FC_UNIT_BYTES_PER_S),
      NUMBER("scale-up", "scaleup_domain_count", "scaleup_domain", FC_UNIT_COUNT),
      WORD("released", "released", "released")}},
    {"models",
     {NUMBER("layers", "layers_count", "layers", FC_UNIT_COUNT), NUMBER("hidden", "hidden", "hidden", FC_UNIT_COUNT),
      NUMBER("heads", "heads", "heads", FC_UNIT_COUNT), NUMBER("experts", "experts", "experts", FC_UNIT_COUNT),
      NUMBER("params", "published_params_count", "published_params", FC_UNIT_TOKENS),
      NUMBER("active", "published_active_params_count", "published_active_params", FC_UNIT_TOKENS)}},
    {"clusters",
     {WORD("chip", "chip", "chip"), NUMBER("chips", "chips_count", "chips", FC_UNIT_COUNT),
      NUMBER("sites", "sites_count", "sites", FC_UNIT_COUNT), WORD("about", "about", "about")}},
    {"deals",
     {WORD("status", "status", "status"), NUMBER("chips", "chips_count", "chips", FC_UNIT_COUNT),
      NUMBER("power", "power_w", "power", FC_UNIT_W), WORD("about", "about", "about")}},
    {"prices",
     {NUMBER("rent", "usd_per_chip_h", "usd_per_chip_h", FC_UNIT_USD_PER_H),
      NUMBER("purchase", "usd_per_chip", "usd_per_chip", FC_UNIT_USD),
      NUMBER("energy", "usd_per_kwh", "usd_per_kwh", FC_UNIT_USD_PER_KWH), WORD("date", "date", "date"),
      WORD("what", "what", "what")}},
    {"stacks", {WORD("about", "about", "about")}},
    {"studies", {WORD("model", "model", "model"), WORD("question", "question", "question")}},
    {"organisations", {WORD("about", "about", "about")}},
};

typedef struct catalogue_list {
    fc_context *context;
    const fc_catalog *catalog;
    const listing *listing;
    const char *const *names;
    size_t count;
    size_t columns_count;
} catalogue_list;

static const listing *find_listing(const char *kind) {
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        if (strcmp(listings[i].kind, kind) == 0) {
            return &listings[i];
        }
    }
    return NULL;
}

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the list");
}

/* Prices of a chip are a list; the one that an estimate takes stands for them. */
static const fc_node *told_by(const char *kind, const fc_node *entry) {
    return strcmp(kind, "prices") == 0 ? fc_entry_default_price(entry) : entry;
}

static const char *cell_text(fc_arena *arena, const fc_node *entry, const column *c) {
    double value = 0.0;
    if (c->shape == SHAPE_NUMBER && fc_entry_number(&value, entry, c->path, c->unit)) {
        char text[64];
        fc_units_format(text, sizeof text, value, c->unit, 0);
        return fc_entry_clean(arena, text);
    }
    return c->shape == SHAPE_TEXT ? fc_entry_clean(arena, fc_entry_text(entry, c->path)) : "";
}

static const char *cell_exact(fc_arena *arena, const fc_node *entry, const column *c) {
    double value = 0.0;
    if (c->shape == SHAPE_NUMBER && fc_entry_number(&value, entry, c->path, c->unit)) {
        char text[64];
        fc_units_format_exact(text, sizeof text, value);
        return fc_entry_clean(arena, text);
    }
    return c->shape == SHAPE_TEXT ? fc_entry_clean(arena, fc_entry_text(entry, c->path)) : "";
}

static void add_json(fc_json_out *json, fc_arena *arena, const fc_node *entry, const column *c) {
    double value = 0.0;
    const char *text = fc_entry_clean(arena, fc_entry_text(entry, c->path));
    if (c->shape == SHAPE_NUMBER && fc_entry_number(&value, entry, c->path, c->unit)) {
        fc_json_out_number(json, c->key, value);
    } else if (c->shape == SHAPE_TEXT && text[0] != '\0') {
        fc_json_out_text(json, c->key, text);
    } else {
        fc_json_out_null(json, c->key);
    }
}

/* ---- one kind ----------------------------------------------------------------------------------------------- */

static fc_status list_json(const catalogue_list *l, fc_error *error) {
    fc_json_out json = fc_json_out_start(&l->context->out);
    fc_json_out_list(&json, NULL);
    for (size_t i = 0; i < l->count; i++) {
        fc_node *entry = NULL;
        FC_TRY(fc_catalog_read(&entry, l->catalog, l->listing->kind, l->names[i], NULL, error));
        fc_json_out_object(&json, NULL);
        fc_json_out_text(&json, "name", l->names[i]);
        for (size_t c = 0; c < l->columns_count; c++) {
            add_json(&json, l->context->arena, told_by(l->listing->kind, entry), &l->listing->columns[c]);
        }
        fc_json_out_end_object(&json);
    }
    fc_json_out_end_list(&json);
    if (json.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "a number of the list is not finite");
    }
    return FC_OK;
}

static void add_heading(fc_table *table, const catalogue_list *l, bool exact) {
    const char *cells[MOST_COLUMNS + 1] = {"name"};
    for (size_t c = 0; c < l->columns_count; c++) {
        cells[c + 1] = exact ? l->listing->columns[c].key : l->listing->columns[c].heading;
    }
    fc_table_heading(table, cells);
}

static fc_status fill_table(fc_table *table, const catalogue_list *l, bool exact, fc_error *error) {
    add_heading(table, l, exact);
    for (size_t i = 0; i < l->count; i++) {
        fc_node *entry = NULL;
        FC_TRY(fc_catalog_read(&entry, l->catalog, l->listing->kind, l->names[i], NULL, error));
        const fc_node *told = told_by(l->listing->kind, entry);
        const char *cells[MOST_COLUMNS + 1] = {l->names[i]};
        for (size_t c = 0; c < l->columns_count; c++) {
            const column *shown = &l->listing->columns[c];
            cells[c + 1] =
                exact ? cell_exact(l->context->arena, told, shown) : cell_text(l->context->arena, told, shown);
        }
        fc_table_row(table, cells);
    }
    return FC_OK;
}

static fc_table *start_table(const catalogue_list *l) {
    char alignment[MOST_COLUMNS + 2] = "l";
    for (size_t c = 0; c < l->columns_count; c++) {
        alignment[c + 1] = l->listing->columns[c].shape == SHAPE_NUMBER ? 'r' : 'l';
        alignment[c + 2] = '\0';
    }
    return fc_table_start(l->context->arena, alignment);
}

static fc_status list_table(const catalogue_list *l, fc_format format, fc_error *error) {
    fc_table *table = start_table(l);
    if (table == NULL) {
        return no_memory(error);
    }
    FC_TRY(fill_table(table, l, format == FC_FORMAT_CSV, error));
    fc_text *out = &l->context->out;
    if (format == FC_FORMAT_CSV) {
        fc_table_print_csv(table, out);
    } else if (format == FC_FORMAT_MARKDOWN) {
        fc_table_print_markdown(table, out);
    } else {
        fc_table_print(table, out, 0, l->context->width);
        const char *example = l->count > 0 ? l->names[0] : "NAME";
        fc_text_addf(out, "%zu %s. Next: flopcast show %s/%s\n", l->count, l->listing->kind, l->listing->kind, example);
    }
    return FC_OK;
}

static fc_status list_kind(fc_context *context, const fc_catalog *catalog, const char *kind, fc_format format,
                           fc_error *error) {
    catalogue_list l = {.context = context, .catalog = catalog};
    FC_TRY(fc_catalog_names(&l.names, &l.count, catalog, kind, error));
    l.listing = find_listing(kind);
    if (l.listing == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "kind %s has no columns: a mistake of the program", kind);
    }
    while (l.columns_count < MOST_COLUMNS && l.listing->columns[l.columns_count].heading != NULL) {
        l.columns_count++;
    }
    return format == FC_FORMAT_JSON ? list_json(&l, error) : list_table(&l, format, error);
}

/* ---- all kinds ---------------------------------------------------------------------------------------------- */

static fc_status list_kinds_json(fc_context *context, const fc_catalog *catalog, fc_error *error) {
    fc_json_out json = fc_json_out_start(&context->out);
    fc_json_out_list(&json, NULL);
    for (size_t i = 0; FC_CATALOG_KINDS[i] != NULL; i++) {
        const char *const *names = NULL;
        size_t count = 0;
        FC_TRY(fc_catalog_names(&names, &count, catalog, FC_CATALOG_KINDS[i], error));
        fc_json_out_object(&json, NULL);
        fc_json_out_text(&json, "name", FC_CATALOG_KINDS[i]);
        fc_json_out_count(&json, "entries_count", (double)count);
        fc_json_out_end_object(&json);
    }
    fc_json_out_end_list(&json);
    return FC_OK;
}

static fc_status list_kinds(fc_context *context, const fc_catalog *catalog, fc_format format, fc_error *error) {
    if (format == FC_FORMAT_JSON) {
        return list_kinds_json(context, catalog, error);
    }
    fc_table *table = fc_table_start(context->arena, "lr");
    if (table == NULL) {
        return no_memory(error);
    }
    bool csv = format == FC_FORMAT_CSV;
    fc_table_heading(table, (const char *const[]){csv ? "name" : "kind", csv ? "entries_count" : "entries"});
    for (size_t i = 0; FC_CATALOG_KINDS[i] != NULL; i++) {
        const char *const *names = NULL;
        size_t count = 0;
        FC_TRY(fc_catalog_names(&names, &count, catalog, FC_CATALOG_KINDS[i], error));
        fc_table_cellf(table, "%s", FC_CATALOG_KINDS[i]);
        fc_table_cellf(table, "%zu", count);
    }
    if (csv) {
        fc_table_print_csv(table, &context->out);
    } else if (format == FC_FORMAT_MARKDOWN) {
        fc_table_print_markdown(table, &context->out);
    } else {
        fc_table_print(table, &context->out, 0, context->width);
        fc_text_addf(&context->out, "From %s. Next: flopcast list chips\n", catalog->data_folder);
    }
    return FC_OK;
}

static fc_status run_list(fc_context *context, fc_error *error) {
    fc_format format = FC_FORMAT_TEXT;
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    if (context->args->positional_count > 1) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "list takes one KIND; found %d: list them one by one", context->args->positional_count);
    }
    fc_catalog catalog;
    FC_TRY(fc_catalog_open(&catalog, context->arena, context->data_folder, error));
    if (context->args->positional_count == 0) {
        return list_kinds(context, &catalog, format, error);
    }
    return list_kind(context, &catalog, context->args->positional[0], format, error);
}

const fc_command fc_cmd_list = {
    .name = "list",
    .synopsis = "[KIND]",
    .help = "what is known: chips, models, clusters, deals, prices, stacks, studies, organisations",
    .example = "flopcast list chips",
    .run = run_list,
};
