/* show_text.c: an entry as a table: every value with its grade, source, date and note. */
#include "show.h"

#include "../doors/table.h"
#include "entry.h"

#include <string.h>

/* One row a value; `around` is the map whose own source and date hold for values that state none. */
typedef struct rows {
    const fc_shown *shown;
    fc_table *table;
    bool prose_apart; /* name, aliases, about and question stand above the table, not in it */
    size_t stale_count;
    size_t dated_count;
    double oldest_days;
} rows;

/* ---- one row a value ---------------------------------------------------------------------------------------- */

/* The leaf's own word, else that of the map around it, else, for numbers, that of the whole entry. */
static const char *stated(const rows *r, const fc_leaf *leaf, const fc_node *around, const char *key) {
    const char *own = fc_entry_annotation(leaf, key);
    if (own[0] == '\0' && around != NULL) {
        own = fc_entry_text(around, key);
    }
    bool inherits = leaf->is_number && strcmp(key, "note") != 0;
    return own[0] != '\0' || !inherits ? own : fc_entry_text(r->shown->entry, key);
}

/* A date that nobody stated is that of the source; an entry's source in free words has its own row. */
static const char *annotation(const rows *r, const fc_leaf *leaf, const fc_node *around, const char *key) {
    const fc_node *sources = fc_node_get(r->shown->entry, "sources");
    const char *text = stated(r, leaf, around, key);
    if (strcmp(key, "date") == 0 && text[0] == '\0') {
        return fc_entry_text(fc_node_get(sources, stated(r, leaf, around, "source")), "date");
    }
    bool common = strcmp(key, "source") == 0 && text == fc_entry_text(r->shown->entry, key);
    return common && fc_node_get(sources, text) == NULL ? "" : text;
}

static const char *grade_text(const rows *r, const fc_leaf *leaf, const fc_node *around) {
    fc_arena *arena = r->shown->arena;
    const char *grade = annotation(r, leaf, around, "grade");
    const char *checked = annotation(r, leaf, around, "checked");
    const char *mark = strcmp(checked, "true") == 0 ? "checked" : strcmp(checked, "false") == 0 ? "not checked" : "";
    const char *text = fc_arena_printf(arena, "%s%s%s", grade, grade[0] != '\0' && mark[0] != '\0' ? ", " : "", mark);
    return fc_entry_clean(arena, text != NULL ? text : "");
}

static const char *date_text(rows *r, const fc_leaf *leaf, const fc_node *around) {
    const char *date = annotation(r, leaf, around, "date");
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

static bool is_key(const fc_node *node, const char *const *keys) {
    for (size_t i = 0; node->key != NULL && keys[i] != NULL; i++) {
        if (strcmp(keys[i], node->key) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_annotation(const fc_node *node) {
    static const char *const keys[] = {"source", "date", "note", "grade", "checked", NULL};
    return node->kind == FC_NODE_SCALAR && is_key(node, keys);
}

static void add_leaf(rows *r, const fc_noun *noun, const fc_node *node, const char *path, const fc_node *around) {
    static const char *const remarks[] = {"note", "notes", NULL};
    fc_arena *arena = r->shown->arena;
    fc_leaf leaf = fc_entry_leaf(noun, node);
    bool remark = is_key(node, remarks) && node->kind == FC_NODE_SCALAR;
    const char *cells[] = {fc_entry_clean(arena, path),
                           remark ? "" : fc_entry_value_text(arena, &leaf),
                           grade_text(r, &leaf, around),
                           fc_entry_clean(arena, annotation(r, &leaf, around, "source")),
                           date_text(r, &leaf, around),
                           fc_entry_clean(arena, remark ? node->text : annotation(r, &leaf, around, "note"))};
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

static const char *joined(fc_arena *arena, const fc_node *list) {
    fc_text text = fc_text_start(arena);
    for (const fc_node *item = list->first; item != NULL; item = item->next) {
        fc_text_addf(&text, "%s%s", item != list->first ? ", " : "", item->text);
    }
    return text.failed || text.bytes == NULL ? "" : text.bytes;
}

static void add_joined(rows *r, const fc_node *list, const char *path) {
    const char *text = joined(r->shown->arena, list);
    const char *cells[] = {
        fc_entry_clean(r->shown->arena, path), fc_entry_clean(r->shown->arena, text), "", "", "", ""};
    fc_table_row(r->table, cells);
}

/* A map in a list ("what, usd_per_chip_h, date, source") speaks of its own values: its source and date are theirs, and
 * `what` is their name. */
typedef struct row_map {
    const fc_node *around; /* NULL unless it annotates its values */
    const char *label;     /* "" unless `what` names them */
    size_t values_count;
} row_map;

static row_map look_at(const fc_node *parent) {
    row_map map = {.label = ""};
    bool annotated = false;
    for (const fc_node *child = parent->kind == FC_NODE_MAP ? parent->first : NULL; child != NULL;
         child = child->next) {
        annotated = annotated || is_annotation(child);
        map.values_count += !is_annotation(child) && strcmp(child->key, "what") != 0;
    }
    if (map.values_count > 0) {
        map.around = annotated ? parent : NULL;
        map.label = fc_entry_text(parent, parent->kind == FC_NODE_MAP ? "what" : "");
    }
    return map;
}

static bool is_left_out(const rows *r, const fc_node *child, const row_map *map, bool root) {
    static const char *const apart[] = {"name", "about", "question", "aliases", NULL};
    static const char *const what[] = {"what", NULL};
    if (root) {
        return strcmp(child->key, "sources") == 0 || (r->prose_apart && is_key(child, apart));
    }
    return (map->around != NULL && is_annotation(child)) || (map->label[0] != '\0' && is_key(child, what));
}

static const char *path_of(const rows *r, const fc_node *child, const row_map *map, const char *path, size_t index) {
    fc_arena *arena = r->shown->arena;
    const char *out = NULL;
    if (child->key == NULL) {
        out = fc_arena_printf(arena, "%s.%zu", path, index);
    } else if (map->label[0] == '\0') {
        out = fc_arena_printf(arena, "%s%s%s", path, path[0] != '\0' ? "." : "", child->key);
    } else {
        out = map->values_count == 1 ? map->label : fc_arena_printf(arena, "%s: %s", map->label, child->key);
    }
    return out != NULL ? out : "";
}

static void add_children(rows *r, const fc_noun *noun, const fc_node *parent, const char *path, const fc_node *around) {
    bool root = parent == r->shown->entry;
    row_map map = look_at(parent);
    const fc_node *holder = !root && map.around != NULL ? map.around : around;
    size_t index = 0;
    for (const fc_node *child = parent->first; child != NULL; child = child->next, index++) {
        if (is_left_out(r, child, &map, root)) {
            continue;
        }
        const char *inner = path_of(r, child, &map, path, index);
        const fc_noun *below = child->key != NULL ? fc_entry_noun(child->key) : NULL;
        if (fc_entry_is_leaf(child)) {
            add_leaf(r, noun, child, inner, holder);
        } else if (is_list_of_scalars(child)) {
            add_joined(r, child, inner);
        } else {
            add_children(r, below != NULL ? below : noun, child, inner, holder);
        }
    }
}

/* ---- text --------------------------------------------------------------------------------------------------- */

static void add_prose(fc_text *out, const fc_shown *shown) {
    static const char *const keys[] = {"question", "about"};
    const char *headline = fc_show_headline(shown);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = fc_entry_clean(shown->arena, fc_entry_text(shown->entry, keys[i]));
        if (text[0] != '\0' && strstr(headline, text) == NULL) {
            fc_text_addf(out, "%s\n", text);
        }
    }
    const fc_node *aliases = fc_node_get(shown->entry, "aliases");
    if (aliases != NULL && is_list_of_scalars(aliases)) {
        fc_text_addf(out, "Also called: %s\n", fc_entry_clean(shown->arena, joined(shown->arena, aliases)));
    }
    fc_text_add(out, "\n");
}

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
                     "\nWarning: older than %d days: %zu of %zu prices, the oldest %.0f days; check them before use\n",
                     FC_SHOW_STALE_DAYS, r->stale_count, r->dated_count, r->oldest_days);
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
    };
    const char *chip = fc_entry_clean(shown->arena, fc_entry_text(shown->entry, "chip"));
    if (shown->dated && chip[0] != '\0') {
        fc_text_addf(out, "\nNext: flopcast show chips/%s\n", chip);
        return;
    }
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (strcmp(hints[i].kind, shown->kind) == 0) {
            bool study = strcmp(shown->kind, "studies") == 0;
            const char *ask = study && fc_node_get(shown->entry, "deals") != NULL        ? "flopcast compare "
                              : study && fc_node_get(shown->entry, "programmes") != NULL ? "flopcast race "
                                                                                         : hints[i].before;
            fc_text_addf(out, "\nNext: %s%s\n", ask, shown->name);
            return;
        }
    }
    fc_text_addf(out, "\nNext: flopcast list %s\n", shown->kind);
}

fc_status fc_show_table(fc_context *context, const fc_shown *shown, fc_format format, fc_error *error) {
    static const char *const headings[] = {"key", "value", "grade", "source", "date", "note"};
    rows r = {
        .shown = shown, .prose_apart = format != FC_FORMAT_CSV, .table = fc_table_start(context->arena, "llllll")};
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
    fc_text_addf(out, "%s\n", fc_show_headline(shown));
    add_prose(out, shown);
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
