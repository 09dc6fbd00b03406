/* config_race_lots.c: programmes of a race, lot by lot.
 *
 * What a lot does not state it takes from its programme: mfu, share, price, lead times. The MFU of one chip is one belief
 * wherever it is a range, since nobody knows it better for one programme than for the other; so is the progress of
 * algorithms, which is published, copied and hired away.
 */
#include "config_race.h"

#include "../base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define VALUE(noun, member, key_text, unit_id, low, high, help_text)                                                   \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_F64, .unit = (unit_id), .offset = offsetof(noun, member), .least = (low),  \
        .most = (high), .help = (help_text)                                                                            \
    }

/* In lots, and in programmes as what their lots take. */
static const fc_field lot_fields[] = {
    VALUE(fc_lot, mfu_frac, "mfu", FC_UNIT_FRAC, 0, 1, "share of the peak that training gets"),
    VALUE(fc_lot, share_frac, "share", FC_UNIT_FRAC, 0, 1, "share of the chips' time that trains"),
    VALUE(fc_lot, usd_per_chip_h, "usd_per_chip_h", FC_UNIT_USD_PER_H, 0, 1e5, "price of a chip-hour"),
    VALUE(fc_lot, arrives_frac, "arrives", FC_UNIT_FRAC, 0, 1, "share of the chips that ever comes"),
    VALUE(fc_lot, contract_days, "contract", FC_UNIT_DAYS, 0, 3653, "from announced to contracted"),
    VALUE(fc_lot, power_days, "power", FC_UNIT_DAYS, 0, 3653, "from contracted to delivered: sites and power"),
    VALUE(fc_lot, accepted_days, "accepted", FC_UNIT_DAYS, 0, 3653, "from delivered to operating: accepted"),
};
static const fc_field chips_field =
    VALUE(fc_lot, chips_count, "chips", FC_UNIT_COUNT, 0, 1e9, "chips that this lot adds");
static const fc_field programme_fields[] = {
    VALUE(fc_race_programme, algorithmic_progress, "algorithmic_progress", FC_UNIT_NONE, 1, 100,
          "how many times as much a FLOP is worth after a year"),
    VALUE(fc_race_programme, spent_flop, "spent", FC_UNIT_FLOP, 0, 1e32, "effective FLOP before the start"),
    VALUE(fc_race_programme, run_days, "run", FC_UNIT_DAYS, 0, 3653, "length of a training run"),
    VALUE(fc_race_programme, post_training_days, "post_training", FC_UNIT_DAYS, 0, 3653, "after the run"),
    VALUE(fc_race_programme, release_days, "release", FC_UNIT_DAYS, 0, 3653, "from a finished model to its release"),
};
static const char *const LOT_KEYS[] = {"chip", "chips", "date", "status", "note", "source"};
static const char *const PROGRAMME_KEYS[] = {"name", "title", "start", "chip", "lots", "note", "source", "about"};
static const char *const WAIT_KEYS[] = {"usd_per_month", "algorithmic_progress", "now", "next", "note", "source"};
static const char *const CHOICE_KEYS[] = {"chip", "date", "mfu", "usd_per_chip_h", "note", "source"};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const fc_noun lot_noun = {"lot", lot_fields, COUNT(lot_fields)};
static const fc_noun programme_noun = {"programme", programme_fields, COUNT(programme_fields)};

static fc_race_value fixed(double value, double least, double most) {
    return (fc_race_value){.low = value, .mid = value, .high = value, .least = least, .most = most};
}

/* All rows of a table that the map has. `chip`: whose MFU it is; NULL: not known yet. */
static fc_status read_rows(void *target, const fc_noun *noun, fc_loading *loading, const char *path, const char *chip,
                           fc_node *map, fc_error *error) {
    for (size_t i = 0; i < noun->count; ++i) {
        const fc_field *field = &noun->fields[i];
        fc_node *node = fc_node_get(map, field->key);
        char belief[FC_NAME_SIZE * 3];
        if (node == NULL) {
            continue;
        }
        node->used = true;
        bool of_chip = chip != NULL && strcmp(field->key, "mfu") == 0;
        bool of_all = strcmp(field->key, "algorithmic_progress") == 0;
        const char *whose = of_chip ? "mfu" : of_all ? "all" : path;
        (void)snprintf(belief, sizeof belief, "%s/%s", whose, of_chip ? chip : field->key);
        FC_TRY(fc_race_read_value((fc_race_value *)(void *)((char *)target + field->offset), &loading->reader, field,
                                  path, belief, node, error));
    }
    return FC_OK;
}

static fc_status load_chip(fc_lot *out, fc_loading *loading, const fc_race_study *study, const fc_node *node,
                           const fc_node *at, fc_error *error) {
    if (node == NULL || node->kind != FC_NODE_SCALAR) {
        return fc_node_error(error, FC_BAD_INPUT, node != NULL ? node : at, false,
                             "chip: a lot needs the name of its chip, here or in its programme");
    }
    fc_arena *arena = loading->config->arena;
    fc_study *scratch = fc_arena_alloc(arena, sizeof *scratch); /* sheets have ranges, which a study holds */
    fc_node *map = fc_node_add(
        arena, &(fc_node){.kind = FC_NODE_LIST, .line = node->line, .column = node->column, .source = node->source},
        NULL, FC_NODE_MAP, NULL);
    fc_node *name = map != NULL ? fc_node_add(arena, map, "chip", FC_NODE_SCALAR, node->text) : NULL;
    fc_node *chips = map != NULL ? fc_node_add(arena, map, "chips", FC_NODE_SCALAR, "1") : NULL;
    if (scratch == NULL || name == NULL || chips == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    name->line = node->line;
    name->column = node->column;
    name->source = node->source;
    fc_loading own; /* the facts of a sheet are no assumptions of a race */
    *scratch = fc_study_default();
    FC_TRY(fc_load_start(&own, loading->config, scratch, error));
    FC_TRY(fc_load_cluster(&scratch->cluster, &own, "chip", map, error));
    (void)fc_text_copy(out->chip, sizeof out->chip, scratch->cluster.chip.name);
    out->peak_flop_per_s = scratch->cluster.chip.peak_flop_per_s[study->dtype];
    if (!(out->peak_flop_per_s > 0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "chip: %s has no dense %s peak in data/chips", out->chip,
                             fc_dtype_name((fc_dtype)study->dtype));
    }
    return FC_OK;
}

static fc_status read_status(uint32_t *out, const fc_node *map, fc_error *error) {
    static const char *const names[FC_LOT_STATUS_COUNT] = {"announced", "contracted", "delivered", "operating"};
    const fc_node *node = fc_node_get(map, "status");
    for (uint32_t i = 0; node != NULL && node->kind == FC_NODE_SCALAR && i < FC_LOT_STATUS_COUNT; ++i) {
        if (strcmp(names[i], node->text) == 0) {
            *out = i;
            return FC_OK;
        }
    }
    char found[96] = "nothing";
    if (node != NULL) {
        fc_node_describe(node, found, sizeof found);
    }
    return fc_node_error(error, FC_BAD_INPUT, node != NULL ? node : map, false,
                         "status: found %s; a lot is announced, contracted, delivered or operating", found);
}

/* What training needs of a lot, stated by it or by its programme. */
static fc_status check_lot(const fc_lot *lot, const fc_race_programme *programme, const fc_node *node,
                           fc_error *error) {
    if (!lot->chips_count.stated || !lot->mfu_frac.stated || !lot->share_frac.stated) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "a lot of %s lacks %s; give it here or, mfu and share, in the programme", programme->name,
                             !lot->chips_count.stated ? "chips"
                             : !lot->mfu_frac.stated  ? "mfu"
                                                      : "share");
    }
    if (lot->day < programme->start_day) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "date"), false,
                             "date: this lot of %s comes %d days before the programme starts; move the start, or put "
                             "the compute before it into `spent`",
                             programme->name, programme->start_day - lot->day);
    }
    return FC_OK;
}

static fc_status load_lot(fc_race_programme *programme, fc_loading *loading, const fc_race_study *study,
                          fc_node *parent, fc_node *node, fc_error *error) {
    fc_lot *lot = &programme->lots[programme->lots_count];
    if (node->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "a lot is a map: {chip: …, chips: …, date: …, status: …}");
    }
    const fc_node *chip = fc_node_get(node, "chip");
    FC_TRY(load_chip(lot, loading, study, chip != NULL ? chip : fc_node_get(parent, "chip"), node, error));
    lot->arrives_frac = fixed(1.0, 0.0, 1.0);
    char path[FC_NAME_SIZE + 16];
    (void)snprintf(path, sizeof path, "%s.%u", programme->name, (unsigned)programme->lots_count);
    /* the programme's values once more, now that the chip is known; their facts are the programme's */
    fc_fact *last = loading->reader.last_fact;
    FC_TRY(read_rows(lot, &lot_noun, loading, programme->name, lot->chip, parent, error));
    if (programme->lots_count > 0 && last != NULL) {
        last->next = NULL;
        loading->reader.last_fact = last;
    }
    FC_TRY(read_rows(lot, &lot_noun, loading, path, lot->chip, node, error));
    fc_node *chips = fc_node_get(node, "chips");
    if (chips != NULL) {
        FC_TRY(fc_race_read_value(&lot->chips_count, &loading->reader, &chips_field, path,
                                  fc_arena_printf(loading->config->arena, "%s/chips", path), chips, error));
    }
    lot->day = programme->start_day;
    if (fc_node_get(node, "date") == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "a lot needs a date: the day on which it has its status");
    }
    FC_TRY(fc_race_read_day(&lot->day, node, "date", error));
    FC_TRY(read_status(&lot->status, node, error));
    FC_TRY(check_lot(lot, programme, node, error));
    programme->lots_count++;
    return fc_fields_refuse_unknown(node, &lot_noun, LOT_KEYS, COUNT(LOT_KEYS), error);
}

static fc_status refuse_keys_of_programme(const fc_node *node, fc_error *error) {
    const char *keys[COUNT(PROGRAMME_KEYS) + COUNT(lot_fields)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(PROGRAMME_KEYS); ++i) {
        keys[count++] = PROGRAMME_KEYS[i];
    }
    for (size_t i = 0; i < COUNT(lot_fields); ++i) {
        keys[count++] = lot_fields[i].key;
    }
    return fc_fields_refuse_unknown(node, &programme_noun, keys, count, error);
}

fc_status fc_race_load_programme(fc_race_programme *out, fc_loading *loading, const fc_race_study *study, fc_node *node,
                                 fc_error *error) {
    FC_TRY(fc_race_read_text(out->name, sizeof out->name, node, "name", error));
    FC_TRY(fc_race_read_text(out->title, sizeof out->title, node, "title", error));
    fc_node *lots = fc_node_get(node, "lots");
    if (out->name[0] == '\0' || lots == NULL || lots->kind != FC_NODE_LIST || lots->count == 0 ||
        lots->count > FC_MAX_LOTS) {
        return fc_node_error(error, FC_BAD_INPUT, lots != NULL ? lots : node, false,
                             "a programme is a map with a name and lots: a list of 1 to %d deliveries", FC_MAX_LOTS);
    }
    out->start_day = study->start_day;
    FC_TRY(fc_race_read_day(&out->start_day, node, "start", error));
    if (out->start_day < study->start_day) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "start"), false,
                             "start: %s starts before the race does; move the start of the study", out->name);
    }
    out->algorithmic_progress = fixed(1.0, 1.0, 100.0);
    FC_TRY(read_rows(out, &programme_noun, loading, out->name, NULL, node, error));
    FC_TRY(refuse_keys_of_programme(node, error));
    for (fc_node *lot = lots->first; lot != NULL; lot = lot->next) {
        FC_TRY(load_lot(out, loading, study, node, lot, error));
    }
    return FC_OK;
}

/* ---- start now, or wait ---------------------------------------------------------------------------------------- */

/* One month's money rents usd / (price × 730.5 h) chips; where the price is a range, so is their number, the other way
 * round. */
static fc_status load_choice(fc_race_programme *out, fc_loading *loading, const fc_race_study *study, const char *name,
                             double usd_per_month, fc_node *node, fc_error *error) {
    fc_lot *lot = &out->lots[0];
    char path[FC_NAME_SIZE];
    (void)fc_text_copy(out->name, sizeof out->name, name);
    (void)snprintf(path, sizeof path, "wait.%s", name);
    FC_TRY(fc_fields_refuse_unknown(node, NULL, CHOICE_KEYS, COUNT(CHOICE_KEYS), error));
    FC_TRY(load_chip(lot, loading, study, fc_node_get(node, "chip"), node, error));
    FC_TRY(read_rows(lot, &lot_noun, loading, path, lot->chip, node, error));
    if (!lot->mfu_frac.stated || !(lot->usd_per_chip_h.low > 0)) {
        return fc_node_error(error, FC_BAD_INPUT, node, false, "wait.%s needs mfu, and usd_per_chip_h above 0", name);
    }
    double month = usd_per_month / 730.5;
    const fc_race_value *price = &lot->usd_per_chip_h;
    lot->chips_count = (fc_race_value){.low = month / price->high,
                                       .mid = month / price->mid,
                                       .high = month / price->low,
                                       .most = 1e15,
                                       .stream = price->stream,
                                       .stated = 1};
    lot->share_frac = lot->arrives_frac = fixed(1.0, 0.0, 1.0);
    lot->status = FC_LOT_OPERATING;
    lot->day = study->as_of_day;
    FC_TRY(fc_race_read_day(&lot->day, node, "date", error));
    if (lot->day < study->start_day) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(node, "date"), false, "date: before the race starts");
    }
    out->start_day = study->start_day;
    out->lots_count = 1;
    return FC_OK;
}

fc_status fc_race_load_wait(fc_race_study *out, fc_loading *loading, fc_node *node, fc_error *error) {
    static const fc_field money = {.key = "usd_per_month",
                                   .kind = FC_FIELD_F64,
                                   .unit = FC_UNIT_USD_PER_MONTH,
                                   .least = 1,
                                   .most = 1e12,
                                   .help = "what is spent each month"};
    if (node == NULL) {
        return FC_OK;
    }
    FC_TRY(fc_fields_refuse_unknown(node, NULL, WAIT_KEYS, COUNT(WAIT_KEYS), error));
    fc_node *usd = fc_node_get(node, "usd_per_month");
    fc_node *now = fc_node_get(node, "now");
    fc_node *next = fc_node_get(node, "next");
    if (usd == NULL || now == NULL || next == NULL || now->kind != FC_NODE_MAP || next->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, node, false,
                             "wait needs usd_per_month and two maps, now and next: {chip, date, mfu, usd_per_chip_h}");
    }
    fc_race_value month;
    FC_TRY(fc_race_read_value(&month, &loading->reader, &money, "wait", "wait/usd_per_month", usd, error));
    fc_race_value growth = fixed(1.0, 1.0, 100.0);
    fc_node *progress = fc_node_get(node, "algorithmic_progress");
    if (progress != NULL) {
        FC_TRY(fc_race_read_value(&growth, &loading->reader, &programme_fields[0], "wait", "all/algorithmic_progress",
                                  progress, error));
    }
    FC_TRY(load_choice(&out->wait[0], loading, out, "now", month.mid, now, error));
    FC_TRY(load_choice(&out->wait[1], loading, out, "next", month.mid, next, error));
    out->wait[0].algorithmic_progress = out->wait[1].algorithmic_progress = growth;
    out->has_wait = 1;
    return FC_OK;
}
