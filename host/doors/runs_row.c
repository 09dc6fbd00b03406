/* runs_row.c: one record into one row, and what all records share. */
#include "runs_row.h"

#include "../base/text.h"
#include "../base/units.h"

#include <stdio.h>
#include <string.h>

const char *const FC_RUN_COLUMNS[FC_RUN_COLUMN_COUNT] = {
    [FC_RUN_ID] = "id",
    [FC_RUN_SOURCE] = "source",
    [FC_RUN_CHIP] = "chip",
    [FC_RUN_CHIP_AS_PUBLISHED] = "chip_as_published",
    [FC_RUN_CHIPS] = "chips",
    [FC_RUN_DTYPE] = "dtype",
    [FC_RUN_MODEL_NAME] = "model_name",
    [FC_RUN_LAYERS] = "layers",
    [FC_RUN_HIDDEN] = "hidden",
    [FC_RUN_HEADS] = "heads",
    [FC_RUN_KV_HEADS] = "kv_heads",
    [FC_RUN_HEAD_DIM] = "head_dim",
    [FC_RUN_FFN_HIDDEN] = "ffn_hidden",
    [FC_RUN_FFN_TYPE] = "ffn_type",
    [FC_RUN_VOCAB] = "vocab",
    [FC_RUN_SEQ_LEN] = "seq_len",
    [FC_RUN_EXPERTS] = "experts",
    [FC_RUN_EXPERTS_PER_TOKEN] = "experts_per_token",
    [FC_RUN_MOE_FFN_HIDDEN] = "moe_ffn_hidden",
    [FC_RUN_SHARED_EXPERTS] = "shared_experts",
    [FC_RUN_ATTENTION] = "attention",
    [FC_RUN_TP] = "tp",
    [FC_RUN_PP] = "pp",
    [FC_RUN_VP] = "vp",
    [FC_RUN_CP] = "cp",
    [FC_RUN_EP] = "ep",
    [FC_RUN_DP] = "dp",
    [FC_RUN_ZERO] = "zero_stage_or_fsdp",
    [FC_RUN_GLOBAL_BATCH] = "global_batch_sequences",
    [FC_RUN_MICRO_BATCH] = "micro_batch",
    [FC_RUN_RECOMPUTE] = "recompute",
    [FC_RUN_METRIC] = "measured_metric",
    [FC_RUN_VALUE] = "measured_value",
    [FC_RUN_TOKENS] = "tokens_total",
    [FC_RUN_NOTES] = "notes",
    [FC_RUN_SECONDARY] = "secondary_metrics",
    [FC_RUN_GROUP] = "group",
    [FC_RUN_STACK] = "stack",
    [FC_RUN_SUSPECT] = "suspect",
};

/* ---- the catalogue ---------------------------------------------------------------------------------------------- */

static fc_status read_index(fc_run_index *out, const fc_config *config, const char *kind, fc_error *error) {
    const char *const *names = NULL;
    FC_TRY(fc_catalog_names(&names, &out->count, &config->catalog, kind, error));
    out->entries = fc_arena_alloc(config->arena, (out->count + 1) * sizeof *out->entries);
    if (out->entries == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the catalogue");
    }
    for (size_t i = 0; i < out->count; ++i) {
        fc_node *entry = NULL;
        FC_TRY(fc_catalog_read(&entry, &config->catalog, kind, names[i], NULL, error));
        out->entries[i] = entry;
    }
    return FC_OK;
}

fc_status fc_run_reader_start(fc_run_reader *out, const fc_config *config, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->config = config;
    FC_TRY(fc_load_start(&out->loading, config, NULL, error));
    FC_TRY(fc_domain_points_read(&out->measured, config, error));
    FC_TRY(read_index(&out->models, config, "models", error));
    FC_TRY(read_index(&out->chips, config, "chips", error));
    return read_index(&out->stacks, config, "stacks", error);
}

static bool has_alias(const fc_node *entry, const char *name) {
    const fc_node *aliases = fc_node_get(entry, "aliases");
    for (const fc_node *alias = aliases != NULL ? aliases->first : NULL; alias != NULL; alias = alias->next) {
        if (alias->kind == FC_NODE_SCALAR && fc_text_same_name(alias->text, name)) {
            return true;
        }
    }
    return false;
}

const char *fc_run_find(const fc_run_index *index, const char *name) {
    for (size_t i = 0; i < index->count; ++i) {
        if (strcmp(index->entries[i]->key, name) == 0) {
            return index->entries[i]->key;
        }
    }
    for (size_t i = 0; i < index->count; ++i) {
        if (fc_text_same_name(index->entries[i]->key, name)) {
            return index->entries[i]->key;
        }
    }
    for (size_t i = 0; i < index->count; ++i) {
        if (has_alias(index->entries[i], name)) {
            return index->entries[i]->key;
        }
    }
    return NULL;
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

void fc_run_list(char *list, size_t list_size, const char *word) {
    size_t used = strlen(list);
    size_t length = strlen(word);
    size_t gap = used > 0 ? 2 : 0;
    if (used + gap + length + 1 > list_size) {
        return;
    }
    memcpy(list + used, ", ", gap);
    memcpy(list + used + gap, word, length + 1);
}

void fc_run_not_understood(fc_run_row *row, const fc_run_cells *cells, fc_run_column column) {
    enum { MOST = 60 };
    char cell[MOST];
    char word[FC_NAME_SIZE + MOST + 4];
    fc_text_excerpt(cell, sizeof cell, cells->text[column]);
    (void)snprintf(word, sizeof word, "%s \"%s\"", FC_RUN_COLUMNS[column], cell);
    fc_run_list(row->not_understood, sizeof row->not_understood, word);
}

bool fc_run_number(double *out, fc_run_row *row, const fc_run_cells *cells, fc_run_column column) {
    const char *text = cells->text[column];
    double value = 0;
    if (text[0] == '\0') {
        return false;
    }
    if (fc_units_parse(&value, text, FC_UNIT_COUNT, NULL) != FC_OK || !(value > 0)) {
        fc_run_not_understood(row, cells, column);
        return false;
    }
    *out = value;
    return true;
}

bool fc_run_whole(uint64_t *out, fc_run_row *row, const fc_run_cells *cells, fc_run_column column, uint64_t least,
                  uint64_t most) {
    const char *text = cells->text[column];
    double value = 0;
    if (text[0] == '\0') {
        return false;
    }
    /* spreadsheets write whole numbers as 4.0 and 7.61e+10 */
    bool read = fc_units_parse(&value, text, FC_UNIT_COUNT, NULL) == FC_OK;
    if (!read || !(value >= (double)least && value <= (double)most) || value != (double)(uint64_t)value) {
        fc_run_not_understood(row, cells, column);
        return false;
    }
    *out = (uint64_t)value;
    return true;
}

/* ---- one row ---------------------------------------------------------------------------------------------------- */

static void take_texts(fc_run_row *row, const fc_run_cells *cells) {
    fc_text_excerpt(row->id, sizeof row->id, cells->text[FC_RUN_ID]);
    fc_text_excerpt(row->group, sizeof row->group, cells->text[FC_RUN_GROUP]);
    fc_text_excerpt(row->source, sizeof row->source, cells->text[FC_RUN_SOURCE]);
    fc_text_excerpt(row->suspect, sizeof row->suspect, cells->text[FC_RUN_SUSPECT]);
    if (row->group[0] == '\0') {
        (void)fc_text_copy(row->group, sizeof row->group, "no group");
    }
}

/* What only the whole study shows: plan against model and chips, and what the figure lacks. */
static void settle(fc_run_row *row, const fc_domain_points *measured) {
    fc_error wrong;
    memset(&wrong, 0, sizeof wrong);
    if (row->reason[0] == '\0' && fc_study_check(&row->study, &wrong) == FC_OK) {
        fc_domain_place(&row->study, measured->points, measured->count);
        (void)fc_runs_measured(&row->measured_s, row, &wrong);
    }
    if (wrong.status != FC_OK) {
        (void)fc_text_copy(row->reason, sizeof row->reason, wrong.text);
    }
}

fc_status fc_run_read_row(fc_run_row *row, fc_run_reader *reader, const fc_run_cells *cells, fc_error *error) {
    take_texts(row, cells);
    fc_run_read_metric(row, cells);
    if (row->reason[0] == '\0') {
        FC_TRY(fc_run_read_model(row, reader, cells, error));
    }
    if (row->reason[0] == '\0') {
        FC_TRY(fc_run_read_machine(row, reader, cells, error));
    }
    if (row->reason[0] == '\0') {
        fc_run_read_plan(row, cells);
    }
    row->plan_given = row->plan_given || (cells->text[FC_RUN_TP][0] != '\0' && cells->text[FC_RUN_PP][0] != '\0');
    settle(row, &reader->measured);
    return FC_OK;
}
