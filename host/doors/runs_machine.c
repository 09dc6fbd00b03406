/* runs_machine.c: chip, stack and workload of a row. Each pair of chip and stack is read from the catalogue once. */
#include "runs_row.h"

#include "../base/text.h"

#include <stdio.h>
#include <string.h>

/* A study that has all but its model, its plan and its sizes. */
typedef struct fc_run_template {
    const char *chip;
    const char *stack;
    fc_study study;
    struct fc_run_template *next;
} fc_run_template;

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the table of runs");
}

/* Keys of --set that mean the same in every row. */
static fc_status check_set(const char *key, fc_error *error) {
    static const char *const parts[] = {"cluster.chip.", "cluster.tiers", "workload.", "stack.", "estimate."};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
        if (fc_text_starts(key, parts[i])) {
            return FC_OK;
        }
    }
    return fc_error_set(error, FC_USAGE, "--set", 0, 0,
                        "\"%.60s\" is given by each row; allowed are keys under cluster.chip, stack, workload and "
                        "estimate",
                        key);
}

static fc_status apply_sets(fc_node *tree, const fc_config *config, fc_error *error) {
    for (size_t i = 0; i < config->sets_count; ++i) {
        const char *equals = strchr(config->sets[i], '=');
        if (equals == NULL || equals == config->sets[i]) {
            return fc_error_set(error, FC_USAGE, "--set", 0, 0, "\"%.80s\" is not key=value, for example %s",
                                config->sets[i], "stack.tp_overlap=0.5");
        }
        char *key = fc_arena_strndup(config->arena, config->sets[i], (size_t)(equals - config->sets[i]));
        if (key == NULL) {
            return no_memory(error);
        }
        FC_TRY(check_set(key, error));
        FC_TRY(fc_tree_set(tree, config->arena, key, equals + 1, error));
    }
    return FC_OK;
}

/* cluster: {chip: CHIP, chips: 1}, workload: {tokens: 1T}, stack: STACK, as a study file would have it. */
static fc_status make_tree(fc_node **out, const fc_config *config, const char *chip, const char *stack,
                           fc_error *error) {
    fc_arena *arena = config->arena;
    fc_node *tree = fc_arena_alloc(arena, sizeof *tree);
    if (tree == NULL) {
        return no_memory(error);
    }
    tree->kind = FC_NODE_MAP;
    fc_node *cluster = fc_node_add(arena, tree, "cluster", FC_NODE_MAP, NULL);
    fc_node *workload = fc_node_add(arena, tree, "workload", FC_NODE_MAP, NULL);
    bool made = cluster != NULL && workload != NULL;
    made = made && fc_node_add(arena, cluster, "chip", FC_NODE_SCALAR, chip) != NULL;
    made = made && fc_node_add(arena, cluster, "chips", FC_NODE_SCALAR, "1") != NULL;
    made = made && fc_node_add(arena, workload, "tokens", FC_NODE_SCALAR, "1T") != NULL;
    made = made && fc_node_add(arena, tree, "stack", FC_NODE_SCALAR, stack) != NULL;
    *out = tree;
    return made ? apply_sets(tree, config, error) : no_memory(error);
}

static fc_status fill_template(fc_run_template *out, fc_run_reader *reader, fc_error *error) {
    fc_loading *loading = &reader->loading;
    fc_node *tree = NULL;
    fc_study *study = &out->study;
    FC_TRY(make_tree(&tree, reader->config, out->chip, out->stack, error));
    *study = fc_study_default();
    loading->reader.study = study;
    loading->reader.first_fact = NULL;
    loading->reader.last_fact = NULL;
    FC_TRY(fc_load_cluster(&study->cluster, loading, "cluster", fc_node_get(tree, "cluster"), error));
    FC_TRY(fc_load_workload(&study->workload, loading, fc_node_get(tree, "workload"), error));
    FC_TRY(fc_load_stack(&study->stack, loading, fc_node_get(tree, "stack"), error));
    FC_TRY(fc_load_estimate_habits(study, loading, fc_node_get(tree, "estimate"), error));
    FC_TRY(fc_load_domain(&study->domain, loading, study, error));
    study->step_time_factor = 1.0; /* the bare step model is what is judged; the spread stays */
    study->memory_unchecked = 1;
    return FC_OK;
}

static fc_status find_template(const fc_run_template **out, fc_run_reader *reader, const char *chip, const char *stack,
                               fc_error *error) {
    for (fc_run_template *known = reader->templates; known != NULL; known = known->next) {
        if (strcmp(known->chip, chip) == 0 && strcmp(known->stack, stack) == 0) {
            *out = known;
            return FC_OK;
        }
    }
    fc_run_template *made = fc_arena_alloc(reader->config->arena, sizeof *made);
    if (made == NULL) {
        return no_memory(error);
    }
    made->chip = chip;
    made->stack = stack;
    FC_TRY(fill_template(made, reader, error));
    made->next = reader->templates;
    reader->templates = made;
    *out = made;
    return FC_OK;
}

/* ---- what the row says of them ---------------------------------------------------------------------------------- */

/* The network between nodes, where the source states it for a whole node: it is the cluster's, not the chip's. */
static void take_fabric(fc_run_row *row, const fc_run_cells *cells) {
    const double bits_per_byte = 8.0;
    const uint32_t most_in_node = 16;
    fc_chip *chip = &row->study.cluster.chip;
    double bits = fc_run_read_node_bits(cells->text[FC_RUN_CHIP_AS_PUBLISHED]);
    bits = bits > 0 ? bits : fc_run_read_node_bits(cells->text[FC_RUN_NOTES]);
    if (!(bits > 0) || chip->scaleup_domain_count < 2 || chip->scaleup_domain_count > most_in_node) {
        return; /* a rack-wide domain is several nodes: what one of them has says nothing about a chip */
    }
    chip->scaleout_bytes_per_s = bits / bits_per_byte / chip->scaleup_domain_count;
    fc_run_list(row->assumed, sizeof row->assumed, "network by the source's words");
}

static void take_workload(fc_run_row *row, const fc_run_cells *cells) {
    fc_workload *workload = &row->study.workload;
    const char *dtype = cells->text[FC_RUN_DTYPE];
    uint64_t value = 0;
    if (dtype[0] == '\0' || !fc_run_read_dtype(&workload->dtype, dtype)) {
        if (dtype[0] != '\0') {
            fc_run_not_understood(row, cells, FC_RUN_DTYPE);
        }
        fc_run_list(row->assumed, sizeof row->assumed, "dtype bf16");
    }
    if (row->tokens_count >= 1.0) {
        workload->tokens_count = row->tokens_count;
    }
    if (fc_run_whole(&value, row, cells, FC_RUN_SEQ_LEN, 1, 1000000000)) {
        workload->seq_len = value;
    } else if (workload->seq_len == 0) {
        workload->seq_len = row->study.model.seq_len;
        fc_run_list(row->assumed, sizeof row->assumed, "seq_len of the catalogue");
    }
    if (workload->seq_len == 0 && row->reason[0] == '\0') {
        (void)snprintf(row->reason, sizeof row->reason,
                       "seq_len is not in the row, and the catalogue has no model called \"%.60s\"",
                       cells->text[FC_RUN_MODEL_NAME]);
    }
}

static const char *find_chip(const fc_run_reader *reader, const char *name) {
    bool local = strcmp(name, "local") == 0 && reader->config->calibration_path != NULL;
    return local ? "local" : name[0] != '\0' ? fc_run_find(&reader->chips, name) : NULL;
}

static const char *family_of(const fc_run_reader *reader, const char *chip) {
    for (size_t i = 0; i < reader->chips.count; ++i) {
        if (strcmp(reader->chips.entries[i]->key, chip) == 0) {
            const fc_node *family = fc_node_get(reader->chips.entries[i], "family");
            return family != NULL && family->kind == FC_NODE_SCALAR ? family->text : "";
        }
    }
    return "";
}

fc_status fc_run_read_machine(fc_run_row *row, fc_run_reader *reader, const fc_run_cells *cells, fc_error *error) {
    const fc_run_template *shared = NULL;
    const char *chip = find_chip(reader, cells->text[FC_RUN_CHIP]);
    bool assumed = false;
    if (chip == NULL) {
        (void)snprintf(row->reason, sizeof row->reason, "the catalogue has no chip called \"%.60s\"",
                       cells->text[FC_RUN_CHIP]);
        return FC_OK;
    }
    const char *stack = fc_run_stack(&assumed, reader, cells->text[FC_RUN_STACK], family_of(reader, chip));
    stack = fc_run_stack_release(reader, stack, cells->text[FC_RUN_NOTES]);
    row->stack_assumed = assumed;
    fc_status status = find_template(&shared, reader, chip, stack, error);
    if (status != FC_OK || shared == NULL) {
        return status;
    }
    fc_model model = row->study.model;
    row->study = shared->study;
    row->study.model = model;
    (void)fc_text_copy(row->study.name, sizeof row->study.name, row->id);
    take_fabric(row, cells);
    take_workload(row, cells);
    return FC_OK;
}
