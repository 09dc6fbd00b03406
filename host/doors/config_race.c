/* config_race.c: the days, the limits and the names of a race; its programmes are read in config_race_lots.c. */
#include "config_race.h"

#include "../base/calendar.h"
#include "../base/text.h"
#include "fields_value.h"

#include <math.h> /* sqrt: the middle of a range */
#include <stdio.h>
#include <string.h>

static const char *const STUDY_KEYS[] = {"name",    "question", "about",      "sources", "source", "notes",
                                         "start",   "as_of",    "by",         "horizon", "dtype",  "level",
                                         "counted", "leader",   "programmes", "wait",    "seed",   "draws"};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { DEFAULT_DRAWS = 1000, MOST_DRAWS = 20000, DEFAULT_YEARS = 4 };

/* ---- single values -------------------------------------------------------------------------------------------- */

static fc_status read_ends(fc_race_value *out, const fc_annotated *a, const fc_reading *r) {
    if (a->value != NULL) {
        FC_TRY(fc_value_number(&out->mid, r, a->value));
        out->low = out->high = out->mid;
        return FC_OK;
    }
    FC_TRY(fc_value_number(&out->low, r, a->low));
    FC_TRY(fc_value_number(&out->high, r, a->high));
    out->mid = out->low > 0.0 ? sqrt(out->low) * sqrt(out->high) : 0.5 * (out->low + out->high);
    if (a->mid != NULL) {
        FC_TRY(fc_value_number(&out->mid, r, a->mid));
    } else if (out->mid < out->low || out->mid > out->high) {
        out->mid = out->low; /* a range without width, rounded */
    }
    if (!(out->low <= out->mid && out->mid <= out->high)) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->node, false,
                             "%s: low %.32s, mid %.32s, high %.32s are not in this order; low <= mid <= high is "
                             "required",
                             r->field->key, a->low->text, a->mid != NULL ? a->mid->text : "(left out)", a->high->text);
    }
    return FC_OK;
}

static fc_status record(fc_reader *reader, const fc_fact *fact, fc_error *error) {
    fc_fact *added = fc_arena_alloc(reader->arena, sizeof *added);
    if (added == NULL || fact->text == NULL || fact->key == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    *added = *fact;
    if (reader->last_fact != NULL) {
        reader->last_fact->next = added;
    } else {
        reader->first_fact = added;
    }
    reader->last_fact = added;
    return FC_OK;
}

fc_status fc_race_read_value(fc_race_value *out, fc_reader *reader, const fc_field *field, const char *path,
                             const char *belief, const fc_node *node, fc_error *error) {
    fc_reading r = {.reader = reader, .field = field, .node = node, .target = (char *)out, .error = error};
    fc_annotated a;
    fc_fact fact = {.unit = field->unit, .origin = "study"};
    FC_TRY(fc_value_take_apart(&a, &r));
    FC_TRY(fc_value_annotate(&fact, &a, &r));
    FC_TRY(read_ends(out, &a, &r));
    out->least = field->least;
    out->most = field->most;
    out->stream = (fc_text_hash(belief) & 0x7FFFFFFFU) | 1U;
    out->stated = 1;
    fact.key = fc_arena_printf(reader->arena, "%s.%s", path, field->key);
    fact.value = out->mid;
    fact.has_range = out->low < out->high;
    if (fact.has_range && fact.grade == FC_GRADE_EXACT) {
        if (a.grade != NULL) {
            return fc_node_error(error, FC_BAD_INPUT, a.grade, false,
                                 "%s: a range cannot be exact; grade it measured, published, vendor or assumed",
                                 field->key);
        }
        fact.grade = FC_GRADE_ASSUMED;
    }
    fact.text = a.value != NULL ? a.value->text
                                : fc_arena_printf(reader->arena, "{low: %s, mid: %s, high: %s}", a.low->text,
                                                  a.mid != NULL ? a.mid->text : "(between)", a.high->text);
    return record(reader, &fact, error);
}

fc_status fc_race_read_text(char *out, size_t size, const fc_node *map, const char *key, fc_error *error) {
    const fc_node *node = fc_node_get(map, key);
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR || !fc_text_copy(out, size, node->text)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is one line of at most %zu bytes", key, size - 1);
    }
    return FC_OK;
}

/* "2026-Q3": the quarter whose middle is meant; its chips come evenly over it, which is the same on average. */
static bool quarter_day(int32_t *out, const char *text) {
    char year[5] = "";
    if (strlen(text) != 7 || text[4] != '-' || (text[5] != 'Q' && text[5] != 'q') || text[6] < '1' || text[6] > '4') {
        return false;
    }
    memcpy(year, text, 4);
    fc_date date;
    if (!fc_date_parse(&date, year)) {
        return false;
    }
    date.month = 3 * (text[6] - '1') + 2;
    date.day = 15;
    *out = fc_date_days(date);
    return true;
}

static bool parse_day(int32_t *out, const char *text) {
    fc_date date;
    if (quarter_day(out, text)) {
        return true;
    }
    if (!fc_date_parse(&date, text)) {
        return false;
    }
    *out = fc_date_days(date);
    return true;
}

fc_status fc_race_read_day(int32_t *out, const fc_node *map, const char *key, fc_error *error) {
    const fc_node *node = fc_node_get(map, key);
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR || !parse_day(out, node->text)) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "%s: found %s; a day is written 2026-10-15, 2026-10, or 2026-Q4 for a quarter", key,
                             found);
    }
    return FC_OK;
}

/* ---- the study ------------------------------------------------------------------------------------------------ */

static fc_status read_choice(uint32_t *out, const fc_node *tree, const char *key, const char *const *names,
                             size_t count, fc_error *error) {
    const fc_node *node = fc_node_get(tree, key);
    if (node == NULL) {
        return FC_OK;
    }
    for (uint32_t i = 0; node->kind == FC_NODE_SCALAR && i < count; ++i) {
        if (strcmp(names[i], node->text) == 0) {
            *out = i;
            return FC_OK;
        }
    }
    char found[96];
    char allowed[160] = "";
    fc_node_describe(node, found, sizeof found);
    for (size_t i = 0; i < count; ++i) {
        size_t used = strlen(allowed);
        (void)snprintf(allowed + used, sizeof allowed - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return fc_node_error(error, FC_BAD_INPUT, node, false, "%s: found %s; allowed is %s", key, found, allowed);
}

static fc_status read_count(double *out, const fc_node *tree, const char *key, double least, double most,
                            fc_error *error) {
    const fc_node *node = fc_node_get(tree, key);
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR || fc_units_parse(out, node->text, FC_UNIT_COUNT, NULL) != FC_OK || *out < least ||
        *out > most || *out != floor(*out)) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "%s: found %s; allowed is a whole number from %.0f to %.0f", key, found, least, most);
    }
    return FC_OK;
}

static fc_status read_days(fc_race_study *out, const fc_node *tree, const char *by, fc_error *error) {
    const fc_node *start = fc_node_get(tree, "start");
    if (start == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, tree, false,
                             "a race needs start: the day from which compute counts, such as 2024-01-01");
    }
    FC_TRY(fc_race_read_day(&out->start_day, tree, "start", error));
    out->as_of_day = out->start_day;
    FC_TRY(fc_race_read_day(&out->as_of_day, tree, "as_of", error));
    out->horizon_day = out->as_of_day + DEFAULT_YEARS * 1461 / 4;
    FC_TRY(fc_race_read_day(&out->horizon_day, tree, "horizon", error));
    out->by_day = out->horizon_day;
    FC_TRY(fc_race_read_day(&out->by_day, tree, "by", error));
    if (by != NULL && !parse_day(&out->by_day, by)) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0, "--by: found \"%.60s\"; a day is written 2026-12-31",
                            by);
    }
    if (out->as_of_day < out->start_day || out->horizon_day <= out->as_of_day) {
        return fc_node_error(error, FC_BAD_INPUT, start, false,
                             "start, as_of and horizon are not in this order: start <= as_of < horizon is required");
    }
    if (out->horizon_day - out->start_day > 18263) {
        return fc_node_error(error, FC_BAD_INPUT, start, false, "from start to horizon are more than 50 years");
    }
    if (out->by_day < out->as_of_day || out->by_day > out->horizon_day) {
        return by != NULL ? fc_error_set(error, FC_USAGE, "command line", 0, 0,
                                         "--by %.60s lies outside of the study's as_of to horizon", by)
                          : fc_node_error(error, FC_BAD_INPUT, fc_node_get(tree, "by"), false,
                                          "by lies outside of as_of to horizon");
    }
    return FC_OK;
}

static fc_status read_limits(fc_race_study *out, const fc_node *tree, uint64_t seed_asked, fc_error *error) {
    static const char *const levels[] = {"cumulative", "run"};
    static const char *const counted[] = {"announced", "contracted", "delivered", "operating"};
    const char *dtypes[FC_DTYPE_COUNT];
    for (int i = 0; i < FC_DTYPE_COUNT; ++i) {
        dtypes[i] = fc_dtype_name((fc_dtype)i);
    }
    out->dtype = FC_DTYPE_BF16;
    out->counted = FC_LOT_CONTRACTED;
    FC_TRY(read_choice(&out->dtype, tree, "dtype", dtypes, FC_DTYPE_COUNT, error));
    FC_TRY(read_choice(&out->measure, tree, "level", levels, COUNT(levels), error));
    FC_TRY(read_choice(&out->counted, tree, "counted", counted, COUNT(counted), error));
    double draws = DEFAULT_DRAWS;
    double seed = 0;
    FC_TRY(read_count(&draws, tree, "draws", FC_LEAST_DRAWS, MOST_DRAWS, error));
    FC_TRY(read_count(&seed, tree, "seed", 0, 9007199254740992.0, error));
    out->draws_count = (uint32_t)draws;
    out->seed = seed_asked != 0 ? seed_asked : (uint64_t)seed;
    return FC_OK;
}

static fc_status read_leader(fc_race_study *out, const fc_node *tree, fc_error *error) {
    const char *names[FC_MAX_PROGRAMMES];
    for (uint32_t i = 0; i < out->programmes_count; ++i) {
        names[i] = out->programmes[i].name;
    }
    out->leader = FC_MAX_PROGRAMMES;
    return read_choice(&out->leader, tree, "leader", names, out->programmes_count, error);
}

static fc_status read_programmes(fc_race_study *out, fc_loading *loading, fc_node *tree, fc_error *error) {
    fc_node *list = fc_node_get(tree, "programmes");
    if (list == NULL || list->kind != FC_NODE_LIST || list->count < 2 || list->count > FC_MAX_PROGRAMMES) {
        return fc_node_error(error, FC_BAD_INPUT, list != NULL ? list : tree, false,
                             "race needs programmes: a list of 2 to %d maps with name and lots", FC_MAX_PROGRAMMES);
    }
    out->programmes_count = (uint32_t)list->count;
    out->programmes = fc_arena_alloc(loading->config->arena, (list->count + 2) * sizeof *out->programmes);
    if (out->programmes == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    out->wait = out->programmes + list->count;
    for (uint32_t i = 0; i < list->count; ++i) {
        FC_TRY(fc_race_load_programme(&out->programmes[i], loading, out, fc_node_at(list, i), error));
        for (uint32_t j = 0; j < i; ++j) {
            if (strcmp(out->programmes[i].name, out->programmes[j].name) == 0) {
                return fc_node_error(error, FC_BAD_INPUT, fc_node_at(list, i), false,
                                     "two programmes are called \"%s\"", out->programmes[i].name);
            }
        }
    }
    return FC_OK;
}

fc_status fc_config_race(fc_race_study *out, fc_inputs *inputs, const fc_config *config, const char *name,
                         const char *by, fc_error *error) {
    fc_node *tree = NULL;
    fc_loading loading;
    memset(out, 0, sizeof *out);
    memset(inputs, 0, sizeof *inputs);
    FC_TRY(fc_load_study_tree(&tree, config, name, error));
    FC_TRY(fc_fields_refuse_unknown(tree, NULL, STUDY_KEYS, COUNT(STUDY_KEYS), error));
    FC_TRY(fc_load_start(&loading, config, NULL, error));
    loading.study_sources = fc_node_get(tree, "sources");
    (void)fc_text_copy(out->name, sizeof out->name, name);
    FC_TRY(fc_race_read_text(out->name, sizeof out->name, tree, "name", error));
    FC_TRY(read_days(out, tree, by, error));
    FC_TRY(read_limits(out, tree, config->seed, error));
    FC_TRY(read_programmes(out, &loading, tree, error));
    FC_TRY(read_leader(out, tree, error));
    FC_TRY(fc_race_load_wait(out, &loading, fc_node_get(tree, "wait"), error));
    inputs->facts = loading.reader.first_fact;
    inputs->tree = tree;
    FC_TRY(fc_load_again(&inputs->again, config, name, error));
    const fc_node *question = fc_node_get(tree, "question");
    inputs->question = question != NULL && question->kind == FC_NODE_SCALAR ? question->text : "";
    return FC_OK;
}
