/* The data folder against the rules that the code cannot enforce on reading: every number says where it comes from,
 * every key is one that something reads, and the traps of data sheets are avoided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/tree.h"
#include "base/units.h"
#include "doors/catalog.h"
#include "doors/fields.h"
#include "flopcast/chip.h"
#include "flopcast/cluster.h"
#include "flopcast/study.h"

#ifndef FC_DATA_FOLDER
#define FC_DATA_FOLDER "data"
#endif

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const ENTRY_KEYS[] = {"name", "aliases", "about", "sources", "source", "other", "notes"};
static const char *const CHIP_KEYS[] = {"name",  "aliases", "about",        "sources",     "source",
                                        "other", "notes",   "device_names", "kernels_like"};

typedef struct shelf {
    fc_arena *arena;
    fc_catalog catalog;
} shelf;

static int open_shelf(void **state) {
    static shelf s;
    fc_error error = {0};
    s.arena = fc_arena_create((size_t)512 << 20);
    if (s.arena == NULL || fc_catalog_open(&s.catalog, s.arena, FC_DATA_FOLDER, &error) != FC_OK) {
        return -1;
    }
    *state = &s;
    return 0;
}

static int close_shelf(void **state) {
    fc_arena_destroy(((shelf *)*state)->arena);
    return 0;
}

static void assert_ok(fc_status status, const fc_error *error) {
    if (status != FC_OK) {
        char told[2048];
        fc_error_format(error, told, sizeof told);
        fail_msg("%s", told);
    }
}

/* cmocka compares floats: too coarse for a sheet's figures. */
static void assert_near(double got, double expected, double tolerance_frac) {
    double off = got > expected ? got - expected : expected - got;
    if (!(off <= tolerance_frac * expected)) {
        fail_msg("found %.12g, expected %.12g", got, expected);
    }
}

static const char *const *names_of(const shelf *s, const char *kind, size_t *count) {
    const char *const *names = NULL;
    fc_error error = {0};
    assert_ok(fc_catalog_names(&names, count, &s->catalog, kind, &error), &error);
    return names;
}

static fc_node *entry_of(const shelf *s, const char *kind, const char *name) {
    fc_node *entry = NULL;
    fc_error error = {0};
    assert_ok(fc_catalog_read(&entry, &s->catalog, kind, name, NULL, &error), &error);
    return entry;
}

static fc_node *file_of(const shelf *s, const char *file) {
    fc_node *tree = NULL;
    fc_error error = {0};
    const char *path = fc_arena_printf(s->arena, "%s/%s", FC_DATA_FOLDER, file);
    assert_ok(fc_tree_read(&tree, s->arena, path, &error), &error);
    return tree;
}

static const char *const FAMILIES[] = {"nvidia", "amd",  "tpu",      "trainium", "gaudi", "ascend",
                                       "mtia",   "maia", "cerebras", "cpu",      "other"};

static fc_node *family_of(const shelf *s, const char *name) {
    return file_of(s, fc_arena_printf(s->arena, "families/%s.yaml", name));
}

/* Calls `check` on every entry of a kind; returns how many there were. */
static size_t for_each(const shelf *s, const char *kind, void (*check)(const shelf *, fc_node *)) {
    size_t count = 0;
    const char *const *names = names_of(s, kind, &count);
    for (size_t i = 0; i < count; i++) {
        check(s, entry_of(s, kind, names[i]));
    }
    return count;
}

static const char *scalar_of(const fc_node *map, const char *key) {
    const fc_node *node = fc_node_get(map, key);
    return node != NULL && node->kind == FC_NODE_SCALAR ? node->text : "";
}

/* ---- every number says where it comes from ---------------------------------------------------------------------- */

static bool is_number(const fc_node *node) {
    if (node == NULL || node->kind != FC_NODE_SCALAR || node->quoted) {
        return false;
    }
    double ignored = 0.0;
    for (int unit = FC_UNIT_NONE; unit < FC_UNIT_COUNT_OF_UNITS; unit++) {
        if (unit != FC_UNIT_DATE && fc_units_parse(&ignored, node->text, (fc_unit)unit, NULL) == FC_OK) {
            return true;
        }
    }
    return false;
}

static bool is_grade(const char *text) {
    for (int grade = 0; grade < FC_GRADE_COUNT; grade++) {
        if (strcmp(text, fc_grade_name((fc_grade)grade)) == 0) {
            return true;
        }
    }
    return false;
}

/* A source is an id of the file's `sources`, or a text that stands for itself. */
static void check_source(const fc_node *file, const fc_node *at, const char *source) {
    const fc_node *sources = fc_node_get(file, "sources");
    bool is_id = strpbrk(source, " ./:") == NULL;
    if (sources != NULL && is_id && fc_node_get(sources, source) == NULL) {
        fail_msg("%s:%d: source \"%s\" is not among the sources of the file", at->source, at->line, source);
    }
}

static bool is_annotation(const char *key) {
    static const char *const keys[] = {"source", "sources", "date", "checked", "note", "notes", "grade", "aliases"};
    for (size_t i = 0; key != NULL && i < COUNT(keys); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* The first number that nothing vouches for. `vouched`: a map around this one states a source or a grade. */
static const fc_node *bare_number(const fc_node *node, bool vouched) {
    bool is_told = vouched || scalar_of(node, "source")[0] != '\0' || scalar_of(node, "grade")[0] != '\0';
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        bool has_children = child->kind == FC_NODE_MAP || child->kind == FC_NODE_LIST;
        const fc_node *found = NULL;
        if (is_annotation(child->key)) {
            continue;
        }
        if (has_children) {
            found = bare_number(child, is_told);
        } else if (is_number(child) && !is_told) {
            found = child;
        }
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static void check_grades_and_sources(const fc_node *file, const fc_node *node) {
    const char *source = scalar_of(node, "source");
    const char *grade = scalar_of(node, "grade");
    if (source[0] != '\0') {
        check_source(file, node, source);
    }
    if (grade[0] != '\0' && !is_grade(grade)) {
        fail_msg("%s:%d: unknown grade \"%s\"", node->source, node->line, grade);
    }
    for (const fc_node *child = node->first; child != NULL; child = child->next) {
        check_grades_and_sources(file, child);
    }
}

static void check_sources_dated(const fc_node *file) {
    const fc_node *sources = fc_node_get(file, "sources");
    for (const fc_node *one = sources != NULL ? sources->first : NULL; one != NULL; one = one->next) {
        double day = 0.0;
        const char *date = scalar_of(one, "date");
        if (scalar_of(one, "title")[0] == '\0' || fc_units_parse(&day, date, FC_UNIT_DATE, NULL) != FC_OK) {
            fail_msg("%s:%d: source %s needs a title and a date", one->source, one->line, one->key);
        }
    }
}

static void check_provenance(const shelf *s, fc_node *entry) {
    (void)s;
    check_sources_dated(entry);
    check_grades_and_sources(entry, entry);
    const fc_node *bare = bare_number(entry, false);
    if (bare != NULL) {
        fail_msg("%s:%d: %s: %s has neither source nor grade", bare->source, bare->line,
                 bare->key != NULL ? bare->key : "an item", bare->text);
    }
}

static void test_data__every_number_has_a_source_or_a_grade(void **state) {
    const shelf *s = *state;
    for (size_t i = 0; FC_CATALOG_KINDS[i] != NULL; i++) {
        /* a study is a question: its numbers are the asker's */
        if (strcmp(FC_CATALOG_KINDS[i], "studies") != 0) {
            for_each(s, FC_CATALOG_KINDS[i], check_provenance);
        }
    }
    check_provenance(s, file_of(s, "defaults.yaml"));
    check_provenance(s, file_of(s, "batch_laws.yaml"));
    for (size_t i = 0; i < COUNT(FAMILIES); i++) {
        check_provenance(s, family_of(s, FAMILIES[i]));
    }
}

static const char *bare_in(const shelf *s, const char *yaml) {
    fc_node *tree = NULL;
    fc_error error = {0};
    assert_ok(fc_yaml_parse(&tree, s->arena, "bare", yaml, strlen(yaml), &error), &error);
    const fc_node *bare = bare_number(tree, false);
    return bare != NULL ? bare->text : "none";
}

/* The rule must be able to fail. */
static void test_data__a_bare_number_is_found(void **state) {
    const shelf *s = *state;
    assert_string_equal(bare_in(s, "vendor: NVIDIA\nday: 2026-01-01\nlayers: 12\n"), "12");
    assert_string_equal(bare_in(s, "peak: {value: 3 TFLOP/s, date: 2026}\n"), "3 TFLOP/s");
    assert_string_equal(bare_in(s, "tiers:\n  - {chips: {value: 8, grade: vendor}, bw: 450 GB/s}\n"), "450 GB/s");
    assert_string_equal(bare_in(s, "a: {low: 1, high: 2, grade: assumed}\nb: {value: 3, source: x}\n"), "none");
    assert_string_equal(bare_in(s, "source: x\nlayers: 12\n"), "none");
}

static void test_data__every_study_parses(void **state) {
    const shelf *s = *state;
    size_t count = 0;
    const char *const *names = names_of(s, "studies", &count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entry_of(s, "studies", names[i])->kind, FC_NODE_MAP);
    }
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void check_name(const shelf *s, fc_node *entry) {
    (void)s;
    char slug[FC_NAME_SIZE];
    fc_text_slug(slug, sizeof slug, entry->key);
    const char *name = scalar_of(entry, "name");
    if (name[0] != '\0' && strcmp(name, entry->key) != 0) {
        fail_msg("%s: name \"%s\" is not the file's", entry->source, name);
    }
    /* dots stand in the names of models (llama3.2-1b) */
    if (!fc_text_same_name(slug, entry->key)) {
        fail_msg("%s: the file name is not lower case with hyphens", entry->source);
    }
}

/* A name or alias must lead to one entry only, however it is spelt. */
static void check_unique(const shelf *s, const char *kind) {
    size_t count = 0;
    size_t spellings_count = 0;
    const char *spellings[1024];
    const char *const *names = names_of(s, kind, &count);
    for (size_t i = 0; i < count; i++) {
        const fc_node *aliases = fc_node_get(entry_of(s, kind, names[i]), "aliases");
        assert_true(spellings_count < COUNT(spellings));
        spellings[spellings_count++] = names[i];
        for (const fc_node *alias = aliases != NULL ? aliases->first : NULL; alias != NULL; alias = alias->next) {
            assert_true(spellings_count < COUNT(spellings));
            spellings[spellings_count++] = alias->text;
        }
    }
    for (size_t i = 0; i < spellings_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (fc_text_same_name(spellings[i], spellings[j])) {
                fail_msg("%s: \"%s\" and \"%s\" are one name", kind, spellings[i], spellings[j]);
            }
        }
    }
}

static void test_data__names_and_aliases_are_unique(void **state) {
    const shelf *s = *state;
    static const char *const kinds[] = {"chips", "clusters", "deals", "prices", "stacks", "organisations"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for_each(s, kinds[i], check_name);
        check_unique(s, kinds[i]);
    }
}

/* ---- chips ------------------------------------------------------------------------------------------------------ */

static void read_into(fc_study *study, const shelf *s, fc_noun_id id, void *target, const fc_node *map) {
    fc_reader reader = {.arena = s->arena, .study = study, .origin = "test"};
    fc_error error = {0};
    assert_ok(fc_fields_read(&reader, fc_fields_noun(id), fc_fields_noun(id)->name, target, map, &error), &error);
}

static void refuse_unknown(const fc_node *map, fc_noun_id id, const char *const *more, size_t count) {
    fc_error error = {0};
    assert_ok(fc_fields_refuse_unknown(map, fc_fields_noun(id), more, count, &error), &error);
}

/* The chip as an estimate sees it: the family's defaults, then its own file. */
static fc_chip load_chip(fc_study *study, const shelf *s, fc_node *entry) {
    const fc_node *family = family_of(s, scalar_of(entry, "family"));
    *study = fc_study_default();
    study->cluster.chip = fc_chip_default();
    read_into(study, s, FC_NOUN_CHIP, &study->cluster.chip, family);
    read_into(study, s, FC_NOUN_CHIP, &study->cluster.chip, entry);
    return study->cluster.chip;
}

static fc_chip chip_named(const shelf *s, const char *name) {
    static fc_study study;
    return load_chip(&study, s, entry_of(s, "chips", name));
}

/* Every rate that a chip has comes with an efficiency, or an estimate in that format would stop. */
static void check_chip(const shelf *s, fc_node *entry) {
    static fc_study study;
    fc_error error = {0};
    fc_chip chip = load_chip(&study, s, entry);
    refuse_unknown(entry, FC_NOUN_CHIP, CHIP_KEYS, COUNT(CHIP_KEYS));
    assert_ok(fc_chip_check(&chip, &error), &error);
    assert_true(chip.memory_bytes > 0.0 && chip.memory_bytes_per_s > 0.0);
    assert_true(chip.attention_eff_frac > 0.0 && chip.memory_eff_frac > 0.0 && chip.failures_per_chip_h > 0.0);
    for (int dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (chip.peak_flop_per_s[dtype] > 0.0 && !(chip.matmul[dtype].eff_frac > 0.0)) {
            fail_msg("%s: %s has a rate and no efficiency", entry->key, fc_dtype_name((fc_dtype)dtype));
        }
    }
}

static void test_data__every_chip_reads_and_there_are_fifty(void **state) {
    const shelf *s = *state;
    assert_true(for_each(s, "chips", check_chip) >= 50);
}

/* An estimate collects the ranges of all its nouns: together they must fit. */
static void test_data__ranges_of_a_study_fit(void **state) {
    const shelf *s = *state;
    static fc_study study;
    const fc_node *defaults = file_of(s, "defaults.yaml");
    size_t count = 0;
    const char *const *names = names_of(s, "chips", &count);
    for (size_t i = 0; i < count; i++) {
        (void)load_chip(&study, s, entry_of(s, "chips", names[i]));
        read_into(&study, s, FC_NOUN_CLUSTER, &study.cluster, fc_node_get(defaults, "cluster"));
        read_into(&study, s, FC_NOUN_STACK, &study.stack, fc_node_get(defaults, "stack"));
        read_into(&study, s, FC_NOUN_DEAL, &study.deal, fc_node_get(defaults, "deal"));
        read_into(&study, s, FC_NOUN_OWN, &study.deal, fc_node_get(fc_node_get(defaults, "deal"), "own"));
        read_into(&study, s, FC_NOUN_ESTIMATE, &study, fc_node_get(defaults, "estimate"));
        /* room for what a study states itself: price, share, MFU, goodput, tokens */
        assert_true(study.spreads_count + 5 <= FC_MAX_SPREADS);
    }
}

static void test_data__rates_are_dense(void **state) {
    const shelf *s = *state;
    fc_chip h100 = chip_named(s, "H100_SXM");
    assert_near(h100.peak_flop_per_s[FC_DTYPE_BF16], 989.4e12, 1e-12);
    assert_near(h100.peak_flop_per_s[FC_DTYPE_FP8], 1978.9e12, 1e-12);
    /* 132 multiprocessors × 4 × 512 × 2 FLOP at the clock of the sheet */
    assert_near(h100.cores_count * 4096.0 * h100.clock_hz, h100.peak_flop_per_s[FC_DTYPE_BF16], 0.001);
    assert_near(chip_named(s, "trainium2").peak_flop_per_s[FC_DTYPE_BF16], 667e12, 1e-12);
    assert_near(chip_named(s, "trainium2").peak_flop_per_s[FC_DTYPE_FP8], 1299e12, 1e-12);
    assert_true(chip_named(s, "mi355x").peak_flop_per_s[FC_DTYPE_FP8] < 5.1e15);
    assert_near(chip_named(s, "cerebras-wse3").peak_flop_per_s[FC_DTYPE_FP16], 0.0, 0.0);
}

static void test_data__number_formats_are_those_of_the_hardware(void **state) {
    const shelf *s = *state;
    static const char *const blackwell[] = {"b200-hgx", "gb200-nvl72", "b300-hgx", "gb300-nvl72"};
    for (size_t i = 0; i < COUNT(blackwell); i++) {
        fc_chip chip = chip_named(s, blackwell[i]);
        assert_true(chip.peak_flop_per_s[FC_DTYPE_MXFP8] == chip.peak_flop_per_s[FC_DTYPE_FP8]);
        assert_true(chip.peak_flop_per_s[FC_DTYPE_NVFP4] > chip.peak_flop_per_s[FC_DTYPE_FP8]);
    }
    static const char *const unscaled[] = {"a100-sxm-80gb", "h100-sxm", "h200-sxm", "trainium2", "tpu-v7-ironwood"};
    for (size_t i = 0; i < COUNT(unscaled); i++) {
        fc_chip chip = chip_named(s, unscaled[i]);
        assert_true(chip.peak_flop_per_s[FC_DTYPE_MXFP8] == 0.0 && chip.peak_flop_per_s[FC_DTYPE_NVFP4] == 0.0);
    }
    assert_true(chip_named(s, "a100-sxm-80gb").peak_flop_per_s[FC_DTYPE_FP8] == 0.0);
    assert_true(chip_named(s, "trainium3").peak_flop_per_s[FC_DTYPE_MXFP8] > 2.5e15);
    assert_true(chip_named(s, "trainium3").peak_flop_per_s[FC_DTYPE_FP8] == 0.0);
    assert_true(chip_named(s, "gb300-nvl72").peak_flop_per_s[FC_DTYPE_FP64] < 2e12);
    static const char *const same_rate[] = {"tpu-v5p", "tpu-v6e"};
    for (size_t i = 0; i < COUNT(same_rate); i++) {
        fc_chip chip = chip_named(s, same_rate[i]);
        assert_true(chip.peak_flop_per_s[FC_DTYPE_FP8] == chip.peak_flop_per_s[FC_DTYPE_BF16]);
    }
}

static void test_data__links_are_one_way_and_memory_is_as_the_vendor_means_it(void **state) {
    const shelf *s = *state;
    const double gib = 1024.0 * 1024.0 * 1024.0;
    assert_near(chip_named(s, "h100-sxm").scaleup_bytes_per_s, 450e9, 1e-12);
    assert_near(chip_named(s, "gb200-nvl72").scaleup_bytes_per_s, 900e9, 1e-12);
    assert_near(chip_named(s, "tpu-v5p").scaleup_bytes_per_s, 600e9, 1e-12);
    fc_chip trn2 = chip_named(s, "trainium2");
    assert_near(trn2.scaleup_bytes_per_s, 512e9, 1e-12);
    assert_near(trn2.scaleup_peer_bytes_per_s, 128e9, 1e-12);
    assert_near(trn2.scaleout_bytes_per_s, 25e9, 1e-12);
    assert_near(trn2.memory_bytes, 96.0 * gib, 1e-12);
    assert_near(chip_named(s, "h100-sxm").memory_bytes, 80.0 * gib, 1e-12);
    assert_int_equal(trn2.scaleup_topology, FC_TOPOLOGY_TORUS);
    assert_int_equal(chip_named(s, "mi300x").scaleup_topology, FC_TOPOLOGY_MESH);
    assert_int_equal(chip_named(s, "h100-sxm").scaleup_topology, FC_TOPOLOGY_SWITCHED);
}

static void test_data__chips_of_several_ranks_say_so(void **state) {
    const shelf *s = *state;
    static const struct {
        const char *name;
        uint32_t ranks;
    } rows[] = {{"trainium2", 4}, {"mi250x", 2}, {"tpu-v7-ironwood", 2}, {"h100-sxm", 1}, {"gb200-nvl72", 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(chip_named(s, rows[i].name).devices_per_chip, rows[i].ranks);
    }
}

/* Llama 3: 419 unexpected stops in 54 days on 16,384 chips. */
static void test_data__failures_of_h100_are_those_of_llama3(void **state) {
    double expected = 419.0 / (16384.0 * 54.0 * 24.0);
    assert_near(chip_named(*state, "h100-sxm").failures_per_chip_h, expected, 0.01);
}

static void test_data__aliases_lead_to_their_chips(void **state) {
    const shelf *s = *state;
    static const char *const pairs[][2] = {
        {"h100", "h100-sxm"},
        {"a100", "a100-sxm-80gb"},
        {"trn2", "trainium2"},
        {"GB200_NVL72", "gb200-nvl72"},
        {"gb200", "gb200-nvl72"},
        {"b200", "b200-hgx"},
        {"ironwood", "tpu-v7-ironwood"},
        {"TPU_v6e", "tpu-v6e"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_string_equal(entry_of(s, "chips", pairs[i][0])->key, pairs[i][1]);
    }
}

/* ---- the other kinds -------------------------------------------------------------------------------------------- */

/* What only matters on a processor is nothing in a stack that does not say it. */
static bool is_of_processors(const char *key) {
    static const char *const keys[] = {"own_threads",  "one_thread_passes", "fresh_tensor", "touch_overhead",
                                       "weight_moves", "weight_tensors",    "pool_switch",  "host_per_kernel"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void check_stack(const shelf *s, fc_node *entry) {
    static fc_study study;
    fc_error error = {0};
    study = fc_study_default();
    read_into(&study, s, FC_NOUN_STACK, &study.stack, entry);
    refuse_unknown(entry, FC_NOUN_STACK, ENTRY_KEYS, COUNT(ENTRY_KEYS));
    assert_ok(fc_stack_check(&study.stack, &error), &error);
    /* a stack is complete, or what it leaves out would come from another one */
    const fc_noun *noun = fc_fields_noun(FC_NOUN_STACK);
    for (size_t i = 0; i < noun->count; i++) {
        if (fc_node_get(entry, noun->fields[i].key) == NULL && !is_of_processors(noun->fields[i].key)) {
            fail_msg("%s: %s is missing", entry->source, noun->fields[i].key);
        }
    }
}

static void test_data__every_stack_reads(void **state) {
    assert_true(for_each(*state, "stacks", check_stack) >= 9);
    (void)entry_of(*state, "stacks", "default");
    (void)entry_of(*state, "stacks", "pytorch-eager");
}

static void check_part(fc_study *study, const shelf *s, const fc_node *part) {
    *study = fc_study_default();
    study->cluster.chip = load_chip(study, s, entry_of(s, "chips", scalar_of(part, "chip")));
    read_into(study, s, FC_NOUN_CLUSTER, &study->cluster, part);
    assert_true(study->cluster.chips_count >= 1.0);
}

static void read_tiers(fc_study *study, const shelf *s, const fc_node *tiers) {
    for (const fc_node *row = tiers != NULL ? tiers->first : NULL; row != NULL; row = row->next) {
        assert_true(study->cluster.tiers_count < FC_MAX_TIERS);
        read_into(study, s, FC_NOUN_TIER, &study->cluster.tiers[study->cluster.tiers_count++], row);
        refuse_unknown(row, FC_NOUN_TIER, NULL, 0);
    }
}

/* One kind of chip must make a cluster that passes its check: tiers, bandwidths and all. */
static void check_cluster(const shelf *s, fc_node *entry) {
    static fc_study study;
    static const char *const more[] = {"name",  "aliases", "about", "sources",        "source", "other",
                                       "notes", "chip",    "tiers", "facility_power", "parts"};
    fc_error error = {0};
    const fc_node *parts = fc_node_get(entry, "parts");
    for (const fc_node *part = parts != NULL ? parts->first : NULL; part != NULL; part = part->next) {
        static const char *const part_more[] = {"chip"};
        check_part(&study, s, part);
        refuse_unknown(part, FC_NOUN_CLUSTER, part_more, COUNT(part_more));
    }
    if (parts == NULL) {
        check_part(&study, s, entry);
        read_tiers(&study, s, fc_node_get(entry, "tiers"));
        assert_ok(fc_cluster_check(&study.cluster, &error), &error);
    }
    refuse_unknown(entry, FC_NOUN_CLUSTER, more, COUNT(more));
}

static void test_data__every_cluster_can_be_built(void **state) {
    const shelf *s = *state;
    assert_true(for_each(s, "clusters", check_cluster) >= 12);
    static const char *const wanted[] = {"colossus-1", "rainier-1m", "h100-16k", "alps", "jupiter", "lumi"};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        (void)entry_of(s, "clusters", wanted[i]);
    }
}

static const char *const PRICE_KEYS[] = {
    "usd_per_chip_h", "usd_per_chip", "usd_per_kwh", "usd_per_gw", "usd_per_rack", "usd", "pue", "years", "frac"};

static bool is_among(const char *key, const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void check_price_row(const fc_node *row) {
    static const char *const annotations[] = {"what", "date", "source", "checked", "grade", "note"};
    double day = 0.0;
    size_t values = 0;
    for (const fc_node *child = row->first; child != NULL; child = child->next) {
        bool is_value = is_among(child->key, PRICE_KEYS, COUNT(PRICE_KEYS));
        values += is_value;
        if (!is_value && !is_among(child->key, annotations, COUNT(annotations))) {
            fail_msg("%s:%d: unknown key \"%s\" of a price", child->source, child->line, child->key);
        }
    }
    if (values != 1 || scalar_of(row, "what")[0] == '\0' || scalar_of(row, "source")[0] == '\0' ||
        fc_units_parse(&day, scalar_of(row, "date"), FC_UNIT_DATE, NULL) != FC_OK) {
        fail_msg("%s:%d: a price has what, one value, a date and a source", row->source, row->line);
    }
}

static void check_prices(const shelf *s, fc_node *entry) {
    const fc_node *prices = fc_node_get(entry, "prices");
    const char *chip = scalar_of(entry, "chip");
    const char *wanted = scalar_of(entry, "default");
    size_t matches = 0;
    assert_non_null(prices);
    if (chip[0] != '\0') {
        assert_string_equal(entry_of(s, "chips", chip)->key, entry->key);
    }
    for (const fc_node *row = prices->first; row != NULL; row = row->next) {
        check_price_row(row);
        matches += strcmp(scalar_of(row, "what"), wanted) == 0;
    }
    if (wanted[0] != '\0' && matches != 1) {
        fail_msg("%s: default \"%s\" names %zu prices", entry->source, wanted, matches);
    }
}

static void test_data__prices_name_what_an_estimate_takes(void **state) {
    const shelf *s = *state;
    assert_true(for_each(s, "prices", check_prices) >= 20);
    static const char *const rented[] = {"h100-sxm", "h200-sxm", "gb200-nvl72", "trainium2", "tpu-v5p"};
    for (size_t i = 0; i < COUNT(rented); i++) {
        assert_true(scalar_of(entry_of(s, "prices", rented[i]), "default")[0] != '\0');
    }
}

static void check_deal(const shelf *s, fc_node *entry) {
    static const char *const keys[] = {"name",    "aliases", "about",         "sources", "source",   "date",
                                       "checked", "status",  "evidence",      "parties", "hardware", "chips",
                                       "power",   "money",   "usd_per_month", "use",     "sites",    "notes"};
    fc_study study = fc_study_default();
    read_into(&study, s, FC_NOUN_DEAL, &study.deal, entry);
    assert_int_not_equal(study.deal.status, FC_DEAL_UNKNOWN);
    for (const fc_node *child = entry->first; child != NULL; child = child->next) {
        if (!is_among(child->key, keys, COUNT(keys))) {
            fail_msg("%s:%d: unknown key \"%s\" of a deal", child->source, child->line, child->key);
        }
    }
}

static void test_data__deals_state_how_far_they_got(void **state) {
    assert_true(for_each(*state, "deals", check_deal) >= 25);
}

/* Every key of a section is one that its noun reads, and its value is in range. */
static void check_section(const shelf *s, const fc_node *section, fc_noun_id id, size_t offset, const char *more) {
    static fc_study study;
    assert_non_null(section);
    study = fc_study_default();
    read_into(&study, s, id, (char *)&study + offset, section);
    refuse_unknown(section, id, &more, 1);
}

static void test_data__defaults_are_keys_of_their_nouns(void **state) {
    const shelf *s = *state;
    const fc_node *defaults = file_of(s, "defaults.yaml");
    const fc_node *deal = fc_node_get(defaults, "deal");
    check_section(s, fc_node_get(defaults, "workload"), FC_NOUN_WORKLOAD, offsetof(fc_study, workload), "");
    check_section(s, fc_node_get(defaults, "stack"), FC_NOUN_STACK, offsetof(fc_study, stack), "");
    check_section(s, fc_node_get(defaults, "cluster"), FC_NOUN_CLUSTER, offsetof(fc_study, cluster),
                  "storage_bw_per_chip");
    check_section(s, deal, FC_NOUN_DEAL, offsetof(fc_study, deal), "own");
    check_section(s, fc_node_get(deal, "own"), FC_NOUN_OWN, offsetof(fc_study, deal), "");
    check_section(s, fc_node_get(defaults, "estimate"), FC_NOUN_ESTIMATE, 0, "");
    for (size_t i = 0; i < COUNT(FAMILIES); i++) {
        static const char *const more[] = {"about", "sources"};
        static fc_study study;
        study = fc_study_default();
        const fc_node *family = family_of(s, FAMILIES[i]);
        read_into(&study, s, FC_NOUN_CHIP, &study.cluster.chip, family);
        refuse_unknown(family, FC_NOUN_CHIP, more, COUNT(more));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data__every_number_has_a_source_or_a_grade),
        cmocka_unit_test(test_data__a_bare_number_is_found),
        cmocka_unit_test(test_data__every_study_parses),
        cmocka_unit_test(test_data__names_and_aliases_are_unique),
        cmocka_unit_test(test_data__every_chip_reads_and_there_are_fifty),
        cmocka_unit_test(test_data__ranges_of_a_study_fit),
        cmocka_unit_test(test_data__rates_are_dense),
        cmocka_unit_test(test_data__number_formats_are_those_of_the_hardware),
        cmocka_unit_test(test_data__links_are_one_way_and_memory_is_as_the_vendor_means_it),
        cmocka_unit_test(test_data__chips_of_several_ranks_say_so),
        cmocka_unit_test(test_data__failures_of_h100_are_those_of_llama3),
        cmocka_unit_test(test_data__aliases_lead_to_their_chips),
        cmocka_unit_test(test_data__every_stack_reads),
        cmocka_unit_test(test_data__every_cluster_can_be_built),
        cmocka_unit_test(test_data__prices_name_what_an_estimate_takes),
        cmocka_unit_test(test_data__deals_state_how_far_they_got),
        cmocka_unit_test(test_data__defaults_are_keys_of_their_nouns),
    };
    return cmocka_run_group_tests(tests, open_shelf, close_shelf);
}
