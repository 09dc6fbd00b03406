/* cmd_show.c: one entry with everything that its file says: values, units, sources, dates. */
#include "cmd.h"

#include "../base/units.h"
#include "../doors/table.h"
#include "args.h"
#include "entry.h"
#include "show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* One row a value; `around` is the map whose own source and date hold for values that state none. */
typedef struct rows {
    const fc_shown *shown;
    fc_table *table;
    size_t stale_count;
    size_t dated_count;
    double oldest_days;
} rows;

/* ---- which entry -------------------------------------------------------------------------------------------- */

static fc_status unknown_everywhere(const fc_catalog *catalog, const char *name, fc_error *error) {
    char slug[FC_NAME_SIZE];
    fc_text_slug(slug, sizeof slug, name);
    for (size_t k = 0; FC_CATALOG_KINDS[k] != NULL; k++) {
        const char *const *names = NULL;
        size_t count = 0;
        FC_TRY(fc_catalog_names(&names, &count, catalog, FC_CATALOG_KINDS[k], error));
        const char *nearest = fc_text_nearest(slug, names, count);
        if (nearest != NULL) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "nothing is called \"%.64s\"; did you mean %s/%s? `flopcast list` shows what there is",
                                name, FC_CATALOG_KINDS[k], nearest);
        }
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "nothing is called \"%.64s\"; `flopcast list` shows what there is", name);
}

/* A chip and its prices share a name on purpose: the chip is meant, and its last line leads to the prices. */
static bool is_secondary(const char *kind) { return strcmp(kind, "prices") == 0; }

static fc_status find_everywhere(fc_shown *shown, const fc_catalog *catalog, const char *name, fc_error *error) {
    fc_text found = fc_text_start(catalog->arena);
    size_t count = 0;
    for (size_t k = 0; FC_CATALOG_KINDS[k] != NULL; k++) {
        const char *entry = NULL;
        FC_TRY(fc_catalog_find(&entry, catalog, FC_CATALOG_KINDS[k], name, NULL, error));
        if (entry == NULL || (count > 0 && is_secondary(FC_CATALOG_KINDS[k]))) {
            continue;
        }
        if (count == 0 || is_secondary(shown->kind)) {
            count = 0;
            shown->kind = FC_CATALOG_KINDS[k];
            shown->name = entry;
        }
        fc_text_addf(&found, "%s%s/%s", found.size > 0 ? ", " : "", FC_CATALOG_KINDS[k], entry);
        count++;
    }
    if (count > 1) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "\"%.64s\" is several things: %s; name one of them",
                            name, found.failed ? "" : found.bytes);
    }
    return count == 1 ? FC_OK : unknown_everywhere(catalog, name, error);
}

static fc_status choose_entry(fc_shown *shown, const fc_catalog *catalog, const char *wanted, fc_error *error) {
    const char *slash = strchr(wanted, '/');
    const char *name = wanted;
    if (slash == NULL) {
        FC_TRY(find_everywhere(shown, catalog, wanted, error));
        name = shown->name;
    } else {
        shown->kind = fc_arena_strndup(catalog->arena, wanted, (size_t)(slash - wanted));
        name = slash + 1;
    }
    if (shown->kind == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the entry");
    }
    fc_node *entry = NULL;
    FC_TRY(fc_catalog_read(&entry, catalog, shown->kind, name, NULL, error));
    shown->entry = entry;
    shown->name = entry->key;
    shown->dated = strcmp(shown->kind, "prices") == 0;
    return FC_OK;
}

/* ---- one row a value ---------------------------------------------------------------------------------------- */

static const char *annotation(const fc_leaf *leaf, const fc_node *around, const char *key) {
    const char *own = fc_entry_annotation(leaf, key);
    return own[0] != '\0' || around == NULL ? own : fc_entry_text(around, key);
}

static const char *grade_text(fc_arena *arena, const fc_leaf *leaf, const fc_node *around) {
    const char *grade = annotation(leaf, around, "grade");
    const char *checked = annotation(leaf, around, "checked");
    const char *mark = strcmp(checked, "true") == 0 ? "checked" : strcmp(checked, "false") == 0 ? "not checked" : "";
    const char *text = fc_arena_printf(arena, "%s%s%s", grade, grade[0] != '\0' && mark[0] != '\0' ? ", " : "", mark);
    return fc_entry_clean(arena, text != NULL ? text : "");
}

static const char *date_text(rows *r, const fc_leaf *leaf, const fc_node *around) {
    const char *date = annotation(leaf, around, "date");
    double age_days = 0.0;
    if (!r->shown->dated || !leaf->is_number || !fc_show_age(&age_days, r->shown, date)) {
        return fc_entry_clean(r->shown->arena, date);
    }
    r->dated_count++;
    r->stale_count += age_days > FC_SHOW_STALE_DAYS;
    r->oldest_days = age_days > r->oldest_days ? age_days : r->oldest_days;
    const char *text = fc_arena_printf(r->shown->arena, "%s, %.0f days ago", date, age_days);
    return fc_entry_clean(r->shown->arena, text != NULL ? text : "");
}

static void add_leaf(rows *r, const fc_noun *noun, const fc_node *node, const char *path, const fc_node *around) {
    fc_arena *arena = r->shown->arena;
    fc_leaf leaf = fc_entry_leaf(noun, node);
    const char *cells[] = {fc_entry_clean(arena, path),      fc_entry_value_text(arena, &leaf),
                           grade_text(arena, &leaf, around), fc_entry_clean(arena, annotation(&leaf, around, "source")),
                           date_text(r, &leaf, around),      fc_entry_clean(arena, annotation(&leaf, around, "note"))};
    fc_table_row(r->table, cells);
}

static bool is_list_of_scalars(const fc_node *node) {
    if (node->kind != FC_NODE_LIST) {
        return false;
    }
    for (const fc_node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != FC_NODE_SCALAR) {
            return false;
        }
    }
    return true;
}

static void add_joined(rows *r, const fc_node *list, const char *path) {
    fc_text joined = fc_text_start(r->shown->arena);
    fc_text_add(&joined, "");
    for (const fc_node *item = list->first; item != NULL; item = item->next) {
        fc_text_addf(&joined, "%s%s", item != list->first ? ", " : "", item->text);
    }
    const char *text = joined.failed || joined.bytes == NULL ? "" : joined.bytes;
    const char *cells[] = {
        fc_entry_clean(r->shown->arena, path), fc_entry_clean(r->shown->arena, text), "", "", "", ""};
    fc_table_row(r->table, cells);
}

static bool is_annotation(const fc_node *node) {
    static const char *const keys[] = {"source", "date", "note", "grade", "checked"};
    for (size_t i = 0; node->key != NULL && i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], node->key) == 0) {
            return node->kind == FC_NODE_SCALAR;
        }
    }
    return false;
}

/* A map in a list ("what, usd_per_chip_h, date, source") speaks of its own numbers: its source and date are theirs. */
static const fc_node *speaks_of_itself(const fc_node *parent) {
    bool annotated = false;
    bool valued = false;
    for (const fc_node *child = parent->first; child != NULL; child = child->next) {
        annotated = annotated || is_annotation(child);
        valued = valued || (!is_annotation(child) && fc_entry_is_leaf(child));
    }
    return annotated && valued ? parent : NULL;
}

static void add_children(rows *r, const fc_noun *noun, const fc_node *parent, const char *path, const fc_node *around) {
    bool root = parent == r->shown->entry;
    const fc_node *own = !root && parent->kind == FC_NODE_MAP ? speaks_of_itself(parent) : NULL;
    size_t index = 0;
    for (const fc_node *child = parent->first; child != NULL; child = child->next, index++) {
        bool is_sources = root && strcmp(child->key, "sources") == 0;
        if (is_sources || (own != NULL && is_annotation(child))) {
            continue;
        }
        const char *inner = child->key != NULL ? fc_arena_printf(r->shown->arena, "%s%s%s", path,
                                                                 path[0] != '\0' ? "." : "", child->key)
                                               : fc_arena_printf(r->shown->arena, "%s.%zu", path, index);
        inner = inner != NULL ? inner : "";
        const fc_noun *below = child->key != NULL ? fc_entry_noun(child->key) : NULL;
        if (fc_entry_is_leaf(child)) {
            add_leaf(r, noun, child, inner, own != NULL ? own : around);
        } else if (is_list_of_scalars(child)) {
            add_joined(r, child, inner);
        } else {
            add_children(r, below != NULL ? below : noun, child, inner, own != NULL ? own : around);
        }
    }
}

/* ---- text --------------------------------------------------------------------------------------------------- */

static void add_sources(fc_text *out, const fc_shown *shown) {
    const fc_node *sources = fc_node_get(shown->entry, "sources");
    if (sources == NULL || sources->first == NULL) {
        return;
    }
    fc_text_add(out, "\nSources\n");
    for (const fc_node *source = sources->first; source != NULL; source = source->next) {
        const char *title = fc_entry_text(source, source->kind == FC_NODE_MAP ? "title" : "");
        fc_text_addf(out, "  %s: %s", source->key != NULL ? source->key : "-", fc_entry_clean(shown->arena, title));
        static const char *const more[] = {"date", "url", "note"};
        for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
            const char *text = fc_entry_clean(shown->arena, fc_entry_text(source, more[i]));
            fc_text_addf(out, "%s%s", text[0] != '\0' ? ", " : "", text);
        }
        fc_text_add(out, "\n");
    }
}

static void add_warning(fc_text *out, const rows *r) {
    if (r->stale_count > 0) {
        fc_text_addf(out,
                     "\nWarning: %zu of %zu prices are older than %d days, the oldest %.0f: check them before use\n",
                     r->stale_count, r->dated_count, FC_SHOW_STALE_DAYS, r->oldest_days);
    }
}

static void add_next(fc_text *out, const fc_shown *shown) {
    static const struct {
        const char *kind;
        const char *before;
    } hints[] = {
        {"chips", "flopcast estimate STUDY --set cluster.chip="},
        {"models", "flopcast estimate STUDY --set model="},
        {"clusters", "flopcast estimate STUDY --set cluster="},
        {"stacks", "flopcast estimate STUDY --set stack="},
        {"studies", "flopcast estimate "},
        {"prices", "flopcast show chips/"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (strcmp(hints[i].kind, shown->kind) == 0) {
            bool compared = strcmp(shown->kind, "studies") == 0 && fc_node_get(shown->entry, "deals") != NULL;
            fc_text_addf(out, "\nNext: %s%s\n", compared ? "flopcast compare " : hints[i].before, shown->name);
            return;
        }
    }
    fc_text_addf(out, "\nNext: flopcast list %s\n", shown->kind);
}

static fc_status show_table(fc_context *context, const fc_shown *shown, fc_format format, fc_error *error) {
    static const char *const headings[] = {"key", "value", "grade", "source", "date", "note"};
    rows r = {.shown = shown, .table = fc_table_start(context->arena, "llllll")};
    if (r.table == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the entry");
    }
    fc_table_heading(r.table, headings);
    add_children(&r, fc_entry_noun(shown->kind), shown->entry, "", NULL);
    fc_text *out = &context->out;
    if (format == FC_FORMAT_CSV) {
        fc_table_print_csv(r.table, out);
        return FC_OK;
    }
    fc_text_addf(out, "%s\n\n", fc_show_headline(shown));
    if (format == FC_FORMAT_MARKDOWN) {
        fc_table_print_markdown(r.table, out);
    } else {
        fc_table_print(r.table, out, 0, context->width);
    }
    add_sources(out, shown);
    add_warning(out, &r);
    add_next(out, shown);
    return FC_OK;
}

/* Today by the clock, or as --today says: tests must not age. */
static fc_status find_today(double *out, const fc_args *args, fc_error *error) {
    const char *given = fc_args_value(args, "--today");
    if (given == NULL) {
        *out = (double)(time(NULL) / 86400);
        return FC_OK;
    }
    fc_error cause = {0};
    if (fc_units_parse(out, given, FC_UNIT_DATE, &cause) != FC_OK) {
        return fc_error_set(error, FC_USAGE, "--today", 0, 0, "%s", cause.text);
    }
    return FC_OK;
}

static fc_status run_show(fc_context *context, fc_error *error) {
    fc_format format = FC_FORMAT_TEXT;
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    if (context->args->positional_count != 1) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "show takes one KIND/NAME or NAME, for example chips/h100-sxm; found %d",
                            context->args->positional_count);
    }
    fc_shown shown = {.arena = context->arena};
    FC_TRY(find_today(&shown.today, context->args, error));
    fc_catalog catalog;
    FC_TRY(fc_catalog_open(&catalog, context->arena, context->data_folder, error));
    FC_TRY(choose_entry(&shown, &catalog, context->args->positional[0], error));
    return format == FC_FORMAT_JSON ? fc_show_json(&context->out, &shown, error)
                                    : show_table(context, &shown, format, error);
}

static const fc_option show_options[] = {
    {"--today", "YYYY-MM-DD", false, "the day that ages of prices count to; left out: the clock's"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_show = {
    .name = "show",
    .synopsis = "KIND/NAME | NAME",
    .help = "one entry with every value, its source and its date",
    .example = "flopcast show chips/h100-sxm",
    .options = show_options,
    .run = run_show,
};
