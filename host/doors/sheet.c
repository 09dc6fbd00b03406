#include "sheet.h"

#include "../base/text.h"

#include <math.h> /* fabs */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The device of tests/emulated_cuda is called this and the name that it plays. */
#define EMULATED_PREFIX "emulated "
/* Drivers keep some of the memory, and sheets count in GB or GiB. */
#define MOST_MEMORY_OFF_FRAC 0.1

fc_status fc_sheet_value(double *out, const fc_node *chip, const char *key, fc_unit unit, fc_error *error) {
    fc_node *node = fc_node_get(chip, key);
    *out = 0.0;
    if (node != NULL && node->kind == FC_NODE_MAP) {
        fc_node *value = fc_node_get(node, "value");
        node = value != NULL ? value : fc_node_get(node, "mid");
    }
    if (node == NULL || node->kind != FC_NODE_SCALAR) {
        return FC_OK;
    }
    return fc_units_parse(out, node->text, unit, error);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static const char *skip_blanks(const char *text) { return text + strspn(text, " \t"); }

/* The same but for case, blanks at the ends and the number of blanks between words. */
static bool same_device_name(const char *a, const char *b) {
    a = skip_blanks(a);
    b = skip_blanks(b);
    while (*a != '\0' && *b != '\0') {
        bool blank = *a == ' ' || *a == '\t';
        if (blank != (*b == ' ' || *b == '\t') || (!blank && lower(*a) != lower(*b))) {
            break;
        }
        a = blank ? skip_blanks(a) : a + 1;
        b = blank ? skip_blanks(b) : b + 1;
    }
    return *skip_blanks(a) == '\0' && *skip_blanks(b) == '\0';
}

static fc_status has_name(bool *out, fc_node *chip, const char *name, fc_error *error) {
    fc_node *list = fc_node_get(chip, "device_names");
    *out = false;
    if (list == NULL) {
        return FC_OK;
    }
    if (list->kind != FC_NODE_LIST || list->count == 0) {
        return fc_node_error(error, FC_BAD_INPUT, list, false,
                             "device_names is a list of names as drivers report them, such as [\"NVIDIA H200\"]");
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        if (node->kind != FC_NODE_SCALAR || node->text[0] == '\0') {
            return fc_node_error(error, FC_BAD_INPUT, node, false, "a name of device_names is a text");
        }
        *out = *out || same_device_name(node->text, name);
    }
    return FC_OK;
}

/* ---- the chip --------------------------------------------------------------------------------------------------- */

static fc_status read_sheet(fc_device_sheet *out, const fc_node *chip, fc_error *error) {
    double domain = 0.0;
    memset(out, 0, sizeof *out);
    (void)fc_text_copy(out->chip, sizeof out->chip, chip->key);
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        char key[64];
        (void)snprintf(key, sizeof key, "peak_%s", fc_dtype_name((fc_dtype)dtype));
        FC_TRY(fc_sheet_value(&out->peak_flop_per_s[dtype], chip, key, FC_UNIT_FLOP_PER_S, error));
    }
    FC_TRY(fc_sheet_value(&out->memory_bytes_per_s, chip, "memory_bw", FC_UNIT_BYTES_PER_S, error));
    FC_TRY(fc_sheet_value(&out->scaleup_bytes_per_s, chip, "scaleup_bw", FC_UNIT_BYTES_PER_S, error));
    FC_TRY(fc_sheet_value(&domain, chip, "scaleup_domain", FC_UNIT_COUNT, error));
    out->scaleup_domain_count = domain >= 1.0 && domain <= FC_MOST_RANKS ? (uint32_t)domain : 0;
    return FC_OK;
}

typedef struct matches {
    const fc_node *named;   /* the first chip of the name */
    const fc_node *fitting; /* the last whose memory is that of the device */
    size_t named_count;
    size_t fitting_count;
    const char *other; /* another chip of the name */
} matches;

static fc_status collect(matches *out, const fc_catalog *catalog, const char *name, double memory_bytes,
                         fc_error *error) {
    const char *const *chips = NULL;
    size_t count = 0;
    FC_TRY(fc_catalog_names(&chips, &count, catalog, "chips", error));
    for (size_t i = 0; i < count; i++) {
        fc_node *chip = NULL;
        bool named = false;
        double bytes = 0.0;
        FC_TRY(fc_catalog_read(&chip, catalog, "chips", chips[i], NULL, error));
        FC_TRY(has_name(&named, chip, name, error));
        if (!named) {
            continue;
        }
        FC_TRY(fc_sheet_value(&bytes, chip, "memory", FC_UNIT_BYTES, error));
        out->named = out->named == NULL ? chip : out->named;
        out->other = chip->key;
        out->named_count += 1;
        if (bytes > 0.0 && fabs(memory_bytes / bytes - 1.0) <= MOST_MEMORY_OFF_FRAC) {
            out->fitting = chip;
            out->fitting_count += 1;
        }
    }
    return FC_OK;
}

fc_status fc_sheet_of_device(fc_device_sheet *out, const fc_catalog *catalog, const fc_device_info *device,
                             fc_error *error) {
    const size_t prefix = sizeof EMULATED_PREFIX - 1;
    bool plays = device->emulated && strncmp(device->name, EMULATED_PREFIX, prefix) == 0;
    const char *name = plays ? device->name + prefix : device->name;
    matches found = {0};
    memset(out, 0, sizeof *out);
    FC_TRY(collect(&found, catalog, name, device->memory_bytes, error));
    const fc_node *chip = found.named_count == 1 ? found.named : (found.fitting_count == 1 ? found.fitting : NULL);
    if (device->emulated) {
        (void)snprintf(out->reason, sizeof out->reason, "the device is emulated%s%.63s",
                       chip != NULL ? ", under a name of " : "", chip != NULL ? chip->key : "");
    } else if (chip != NULL) {
        return read_sheet(out, chip, error);
    } else if (found.named_count > 1) {
        (void)snprintf(out->reason, sizeof out->reason,
                       "\"%.63s\" may be %.40s or %.40s, and its memory does not tell which", name, found.named->key,
                       found.other);
    } else {
        (void)snprintf(out->reason, sizeof out->reason, "no chip of the catalogue is called \"%.127s\"", name);
    }
    return FC_OK;
}
