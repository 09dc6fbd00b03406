/* cmd_show.c: one entry with everything that its file says: values, units, sources, dates. */
#include "cmd.h"

#include "../base/units.h"
#include "args.h"
#include "show.h"

#include <math.h> /* floor */
#include <string.h>
#include <time.h>

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

/* Today by the clock, or as --today says: tests must not age. */
static fc_status find_today(double *out, const fc_args *args, fc_error *error) {
    const char *given = fc_args_value(args, "--today");
    if (given == NULL) {
        *out = floor((double)time(NULL) / 86400.0);
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

                                    : fc_show_table(context, &shown, format, error);
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
