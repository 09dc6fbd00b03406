/* import_calculon_system.c: a system of Calculon's as one of our chips, or as a chip written out. */
#include "import_calculon.h"

#include "../base/units.h"
#include "flopcast/cluster.h"

#include <stdio.h>
#include <string.h>

typedef struct network {
    double bytes_per_s;
    double eff_frac;
    double latency_s;
    double size; /* chips it joins */
    fc_place place;
} network;

typedef struct machine {
    double peak_flop_per_s[3]; /* 16, 8, 32 bits; 0: not told */
    double matmul_eff_frac;
    double memory_bytes;
    double memory_bytes_per_s;
    double memory_eff_frac;
    double host_bytes;
    size_t networks_count;
    network networks[FC_MAX_TIERS];
} machine;

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* The best of a curve of [size, efficiency]: what large operations reach. */
static fc_status read_curve(double *out, fc_node *curve, fc_error *error) {
    curve->used = true;
    for (const fc_node *pair = curve->first; pair != NULL; pair = pair->next) {
        const fc_node *share = fc_node_at(pair, 1);
        double value = 0;
        if (share == NULL || share->kind != FC_NODE_SCALAR ||
            fc_units_parse(&value, share->text, FC_UNIT_NONE, NULL) != FC_OK || !(value > 0 && value <= 1)) {
            return fc_node_error(error, FC_BAD_INPUT, pair, false,
                                 "an efficiency is a pair [size, share], the share above 0 and at most 1");
        }
        *out = value > *out ? value : *out;
    }
    return FC_OK;
}

static fc_status read_efficiency(double *out, fc_node *map, fc_error *error) {
    static const char *const keys[] = {"gflops_efficiency", "MB_efficiency"};
    FC_TRY(fc_calculon_number(out, map, "efficiency", 1e-9, 1, false, error)); /* one share: older files */
    for (size_t i = 0; i < 2; i++) {
        fc_node *curve = fc_node_get(map, keys[i]);
        if (curve != NULL && curve->kind == FC_NODE_MAP) { /* one curve a number format */
            curve->used = true;
            curve = fc_node_at(curve, 0);
        }
        if (curve != NULL) {
            FC_TRY(read_curve(out, curve, error));
            fc_node_get(map, keys[i])->used = true;
        }
    }
    return FC_OK;
}

/* The matrix engine: rates a number format, or one rate for 16 bits in older files. */
static fc_status read_matrix(machine *out, fc_node *system, fc_error *error) {
    static const char *const formats[][2] = {{"float16", "bfloat16"}, {"float8", "float8"}, {"float32", "float32"}};
    fc_node *matrix = fc_node_get(system, "matrix");
    if (matrix == NULL || matrix->kind != FC_NODE_MAP) {
        return fc_node_error(error, FC_BAD_INPUT, system, false, "no matrix engine in this system of Calculon's");
    }
    matrix->used = true;
    double rate = 0;
    FC_TRY(fc_calculon_number(&rate, matrix, "tflops", 1e-6, 1e9, false, error));
    if (rate > 0) {
        out->peak_flop_per_s[0] = rate * 1e12;
        return read_efficiency(&out->matmul_eff_frac, matrix, error);
    }
    for (size_t i = 0; i < 3; i++) {
        fc_node *format = fc_node_get(matrix, formats[i][0]);
        format = format != NULL ? format : fc_node_get(matrix, formats[i][1]);
        if (format == NULL) {
            continue;
        }
        format->used = true;
        FC_TRY(fc_calculon_number(&rate, format, "tflops", 1e-6, 1e9, true, error));
        out->peak_flop_per_s[i] = rate * 1e12;
        FC_TRY(read_efficiency(&out->matmul_eff_frac, format, error));
    }
    return out->peak_flop_per_s[0] > 0
               ? FC_OK
               : fc_node_error(error, FC_BAD_INPUT, matrix, false, "the matrix engine tells no tflops for float16");
}

static fc_status read_memories(fc_calculon *in, machine *out, fc_error *error) {
    fc_node *near = fc_node_get(in->system, "mem1");
    fc_node *far = fc_node_get(in->system, "mem2");
    double value = 0;
    if (near == NULL) {
        return fc_node_error(error, FC_BAD_INPUT, in->system, false, "no mem1 in this system of Calculon's");
    }
    near->used = true;
    FC_TRY(fc_calculon_number(&value, near, "GiB", 1e-3, 1e6, true, error));
    out->memory_bytes = value * 1024 * 1024 * 1024;
    FC_TRY(fc_calculon_number(&value, near, "GBps", 1e-3, 1e8, true, error));
    out->memory_bytes_per_s = value * 1e9;
    FC_TRY(read_efficiency(&out->memory_eff_frac, near, error));
    fc_calculon_leftovers(in->draft, near);
    if (far == NULL) {
        return FC_OK;
    }
    far->used = true;
    value = 0;
    FC_TRY(fc_calculon_number(&value, far, "GiB", 0, 1e7, false, error));
    out->host_bytes = value * 1024 * 1024 * 1024;
    fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, fc_calculon_place(in->system, "mem2"),
                    "rate of mem2: how fast the host's memory is reached is not an input");
    return FC_OK;
}

/* Habits of a network that a remark speaks of once for all. */
static void mark_habits(const fc_node *node) {
    static const char *const keys[] = {"ops", "must_be_filled", "processor_usage", "collective_minus1_scalar"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        fc_node *habit = fc_node_get(node, keys[i]);
        if (habit != NULL) {
            habit->used = true;
        }
    }
}

static fc_status read_network(network *out, fc_node *node, fc_error *error) {
    const char *const bw = fc_node_get(node, "bw") != NULL ? "bw" : "bandwidth";
    const char *const eff = fc_node_get(node, "eff") != NULL ? "eff" : "efficiency";
    double value = 0;
    *out = (network){.eff_frac = 1, .place = {node->source, node->line, node->column}};
    FC_TRY(fc_calculon_number(&value, node, bw, 1e-6, 1e7, true, error));
    out->bytes_per_s = value * 1e9;
    FC_TRY(fc_calculon_number(&out->eff_frac, node, eff, 1e-6, 1, false, error));
    FC_TRY(fc_calculon_number(&out->size, node, "size", 1, 1e9, true, error));
    return fc_calculon_number(&out->latency_s, node, "latency", 0, 1, false, error);
}

static fc_status read_networks(fc_calculon *in, machine *out, fc_error *error) {
    fc_node *list = fc_node_get(in->system, "networks");
    list->used = true;
    if (list->kind != FC_NODE_LIST || list->count == 0 || list->count > FC_MAX_TIERS) {
        return fc_node_error(error, FC_BAD_INPUT, list, false, "networks is a list of 1 to %d maps", FC_MAX_TIERS);
    }
    for (fc_node *node = list->first; node != NULL; node = node->next) {
        network *tier = &out->networks[out->networks_count];
        FC_TRY(read_network(tier, node, error));
        if (out->networks_count > 0 && tier->size < tier[-1].size) {
            return fc_node_error(error, FC_BAD_INPUT, node, false,
                                 "this network joins %g chips, fewer than the one before it (%g)", tier->size,
                                 tier[-1].size);
        }
        out->networks_count += 1;
        mark_habits(node);
        fc_calculon_leftovers(in->draft, node);
    }
    fc_draft_remark(
        in->draft, FC_REMARK_NO_PLACE, fc_calculon_place(in->system, "networks"),
        "ops, must_be_filled and processor_usage of networks: collectives have formulas of their own, and what "
        "overlap takes from compute is stack.overlap_cost");
    return FC_OK;
}

/* ---- matching -------------------------------------------------------------------------------------------------------- */

/* A number of a chip's file, its annotations left aside; 0 where it has none. */
static double sheet_number(const fc_node *entry, const char *key, fc_unit unit) {
    const fc_node *node = fc_node_get(entry, key);
    if (node != NULL && node->kind == FC_NODE_MAP) {
        const fc_node *value = fc_node_get(node, "value");
        node = value != NULL ? value : fc_node_get(node, "mid");
    }
    double out = 0;
    bool read = node != NULL && node->kind == FC_NODE_SCALAR && fc_units_parse(&out, node->text, unit, NULL) == FC_OK;
    return read ? out : 0;
}

/* How far two numbers are apart, as a ratio above 1; a huge one where either is unknown. */
static double apart(double a, double b) {
    if (!(a > 0) || !(b > 0)) {
        return 1e9;
    }
    return a > b ? a / b : b / a;
}

/* Its peak within 3 %, its memory within 2 %, the memory's rate within 10 %: then it is that chip, and the links tell it from
 * its kin. Returns what is left between them, or a huge number. */
static double distance(const machine *system, const fc_node *entry) {
    double peak = sheet_number(entry, "peak_fp16", FC_UNIT_FLOP_PER_S);
    peak = peak > 0 ? peak : sheet_number(entry, "peak_bf16", FC_UNIT_FLOP_PER_S);
    const double rate = apart(peak, system->peak_flop_per_s[0]);
    const double size = apart(sheet_number(entry, "memory", FC_UNIT_BYTES), system->memory_bytes);
    const double speed = apart(sheet_number(entry, "memory_bw", FC_UNIT_BYTES_PER_S), system->memory_bytes_per_s);
    const double links = apart(sheet_number(entry, "scaleup_bw", FC_UNIT_BYTES_PER_S), system->networks[0].bytes_per_s);
    return rate <= 1.03 && size <= 1.02 && speed <= 1.1 ? rate + size + speed + links : 1e9;
}

static fc_status find_chip(fc_node **out, const fc_calculon *in, const machine *system, fc_error *error) {
    const char *const *names = NULL;
    size_t count = 0;
    double nearest = 1e8;
    *out = NULL;
    FC_TRY(fc_catalog_names(&names, &count, in->catalog, "chips", error));
    for (size_t i = 0; i < count; i++) {
        fc_node *entry = NULL;
        FC_TRY(fc_catalog_read(&entry, in->catalog, "chips", names[i], NULL, error));
        const double found = distance(system, entry);
        if (found < nearest) {
            nearest = found;
            *out = entry;
        }
    }
    return FC_OK;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

static fc_status set(fc_calculon *in, const network *tier, const char *key, double value, const char *unit,
                     fc_error *error) {
    char path[FC_NAME_SIZE];
    (void)snprintf(path, sizeof path, "cluster.chip.%s", key);
    return fc_draft_set_number(in->draft, tier->place, path, value, unit, error);
}

/* What a catalogue chip says otherwise: other links, another domain. */
static fc_status set_links(fc_calculon *in, const machine *system, const fc_node *entry, fc_error *error) {
    const network *near = &system->networks[0];
    const network *far = system->networks_count > 1 ? &system->networks[1] : NULL;
    const bool links = apart(sheet_number(entry, "scaleup_bw", FC_UNIT_BYTES_PER_S), near->bytes_per_s) > 1.01;
    const bool domain = sheet_number(entry, "scaleup_domain", FC_UNIT_COUNT) != near->size;
    const bool out_links =
        far != NULL && apart(sheet_number(entry, "scaleout_bw", FC_UNIT_BYTES_PER_S), far->bytes_per_s) > 1.01;
    if (!links && !domain && !out_links) {
        return fc_draft_set(in->draft, near->place, "cluster.chip", entry->key, error);
    }
    FC_TRY(fc_draft_set(in->draft, near->place, "cluster.chip.base", entry->key, error));
    if (links) {
        FC_TRY(set(in, near, "scaleup_bw", near->bytes_per_s / 1e9, " GB/s", error));
    }
    if (domain) {
        FC_TRY(set(in, near, "scaleup_domain", near->size, "", error));
    }
    return out_links ? set(in, far, "scaleout_bw", far->bytes_per_s / 1e9, " GB/s", error) : FC_OK;
}

static fc_status write_networks(fc_calculon *in, const machine *system, fc_error *error) {
    const network *near = &system->networks[0];
    FC_TRY(set(in, near, "scaleup_bw", near->bytes_per_s / 1e9, " GB/s", error));
    FC_TRY(set(in, near, "scaleup_domain", near->size, "", error));
    FC_TRY(set(in, near, "scaleup_eff", near->eff_frac, "", error));
    FC_TRY(set(in, near, "scaleup_latency", near->latency_s, " s", error));
    if (system->networks_count < 2) {
        return FC_OK;
    }
    const network *far = &system->networks[1];
    FC_TRY(set(in, far, "scaleout_bw", far->bytes_per_s / 1e9, " GB/s", error));
    FC_TRY(set(in, far, "scaleout_eff", far->eff_frac, "", error));
    return set(in, far, "scaleout_latency", far->latency_s, " s", error);
}

/* More than two networks: each becomes a tier. */
static fc_status write_tiers(fc_calculon *in, const machine *system, fc_error *error) {
    fc_arena *arena = in->draft->arena;
    fc_node *cluster = fc_draft_get(in->draft, "cluster");
    fc_node *list = fc_node_add(arena, cluster, "tiers", FC_NODE_LIST, NULL);
    bool made = list != NULL;
    for (size_t i = 0; i < system->networks_count && made; i++) {
        const network *tier = &system->networks[i];
        char texts[4][64];
        static const char *const keys[] = {"chips", "bw", "eff", "latency"};
        fc_units_format_exact(texts[0], sizeof texts[0], tier->size);
        fc_units_format_exact(texts[1], sizeof texts[1], tier->bytes_per_s);
        fc_units_format_exact(texts[2], sizeof texts[2], tier->eff_frac);
        fc_units_format_exact(texts[3], sizeof texts[3], tier->latency_s);
        fc_node *item = fc_node_add(arena, list, NULL, FC_NODE_MAP, NULL);
        made = item != NULL &&
               fc_node_add(arena, item, "name", FC_NODE_SCALAR, fc_arena_printf(arena, "network-%zu", i)) != NULL;
        for (size_t k = 0; k < 4 && made; k++) {
            made = fc_node_add(arena, item, keys[k], FC_NODE_SCALAR, texts[k]) != NULL;
        }
    }
    return made ? FC_OK : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
}

static fc_status write_chip(fc_calculon *in, const machine *system, fc_error *error) {
    static const char *const peaks[3][3] = {
        {"peak_bf16", "peak_fp16", NULL}, {"peak_fp8", NULL, NULL}, {"peak_fp32", NULL, NULL}};
    const network here = {.place = fc_calculon_place(in->system, "matrix")};
    const network memory = {.place = fc_calculon_place(in->system, "mem1")};
    const char *slash = strrchr(in->system->source, '/');
    char name[FC_NAME_SIZE];
    fc_text_slug(name, sizeof name, slash != NULL ? slash + 1 : in->system->source);
    if (fc_text_ends(name, "-json")) {
        name[strlen(name) - strlen("-json")] = '\0';
    }
    FC_TRY(fc_draft_set(in->draft, here.place, "cluster.chip.name", fc_arena_strdup(in->draft->arena, name), error));
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; peaks[i][k] != NULL && system->peak_flop_per_s[i] > 0; k++) {
            FC_TRY(set(in, &here, peaks[i][k], system->peak_flop_per_s[i] / 1e12, " TFLOP/s", error));
        }
    }
    if (system->matmul_eff_frac > 0) {
        FC_TRY(set(in, &here, "matmul_eff_bf16", system->matmul_eff_frac, "", error));
        FC_TRY(set(in, &here, "matmul_eff_fp16", system->matmul_eff_frac, "", error));
    }
    FC_TRY(set(in, &memory, "memory", system->memory_bytes / (1024.0 * 1024 * 1024), " GiB", error));
    FC_TRY(set(in, &memory, "memory_bw", system->memory_bytes_per_s / 1e9, " GB/s", error));
    if (system->memory_eff_frac > 0) {
        FC_TRY(set(in, &memory, "memory_eff", system->memory_eff_frac, "", error));
    }
    FC_TRY(write_networks(in, system, error));
    fc_draft_remark(
        in->draft, FC_REMARK_ASSUMED, (fc_place){in->system->source, 0, 0},
        "no chip of the catalogue has this peak, memory and rate: what the file does not say comes from the "
        "family `other`; set cluster.chip to name one");
    return system->networks_count > 2 ? write_tiers(in, system, error) : FC_OK;
}

fc_status fc_calculon_system(fc_calculon *in, fc_error *error) {
    machine system = {.networks_count = 0};
    fc_node *chip = NULL;
    FC_TRY(read_matrix(&system, in->system, error));
    FC_TRY(read_memories(in, &system, error));
    FC_TRY(read_networks(in, &system, error));
    static const char *const habits[] = {"vector", "processing_mode"};
    for (size_t i = 0; i < 2; i++) {
        fc_node *node = fc_node_get(in->system, habits[i]);
        if (node != NULL) {
            node->used = true;
            fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, fc_calculon_place(in->system, habits[i]),
                            "%s: passes over memory go at the memory's rate, products at their own", habits[i]);
        }
    }
    fc_calculon_leftovers(in->draft, in->system);
    FC_TRY(find_chip(&chip, in, &system, error));
    if (chip == NULL) {
        FC_TRY(write_chip(in, &system, error));
    } else {
        fc_draft_remark(
            in->draft, FC_REMARK_ASSUMED, (fc_place){in->system->source, 0, 0},
            "this is chip %s of the catalogue: its measured curves and efficiencies are taken, not Calculon's",
            chip->key);
        FC_TRY(set_links(in, &system, chip, error));
        if (system.networks_count > 2) {
            FC_TRY(write_tiers(in, &system, error));
        }
    }
    return system.host_bytes > 0 && fc_draft_get(in->draft, "cluster.chip.base") == NULL && chip == NULL
               ? fc_draft_set_number(in->draft, fc_calculon_place(in->system, "mem2"), "cluster.chip.host_memory",
                                     system.host_bytes / (1024.0 * 1024 * 1024), " GiB", error)
               : FC_OK;
}
