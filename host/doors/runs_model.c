/* runs_model.c: the model of a row: its own columns over the catalogue entry that its name means. */
#include "runs_row.h"

#include "../base/text.h"
#include "../base/units.h"

#include <stdio.h>
#include <string.h>

enum { VOCAB_OF_NONE = 50304 }; /* GPT-2's 50,257, padded to a multiple of 128 */

typedef struct fc_run_model {
    const char *entry;
    fc_model model;
    struct fc_run_model *next;
} fc_run_model;

static fc_status catalogue_model(const fc_model **out, fc_run_reader *reader, const char *name, fc_error *error) {
    *out = NULL;
    const char *entry = name[0] != '\0' ? fc_run_find(&reader->models, name) : NULL;
    if (entry == NULL) {
        return FC_OK;
    }
    for (const fc_run_model *known = reader->loaded_models; known != NULL; known = known->next) {
        if (known->entry == entry) {
            *out = &known->model;
            return FC_OK;
        }
    }
    fc_arena *arena = reader->config->arena;
    fc_run_model *loaded = fc_arena_alloc(arena, sizeof *loaded);
    if (loaded == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the model %s", entry);
    }
    FC_TRY(fc_config_model(&loaded->model, arena, &reader->config->catalog, entry, error));
    loaded->entry = entry;
    loaded->next = reader->loaded_models;
    reader->loaded_models = loaded;
    *out = &loaded->model;
    return FC_OK;
}

/* Sets a 32-bit size from its column; true where the column gives it. */
static bool take32(uint32_t *out, fc_run_row *row, const fc_run_cells *cells, fc_run_column column, uint64_t most) {
    uint64_t value = 0;
    if (!fc_run_whole(&value, row, cells, column, 1, most)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static void take_attention(fc_model *model, fc_run_row *row, const fc_run_cells *cells) {
    const char *word = cells->text[FC_RUN_ATTENTION];
    const uint64_t most_heads = 1048576;
    const uint64_t most_head_dim = 65536;
    fc_model before = *model;
    bool heads = take32(&model->heads, row, cells, FC_RUN_HEADS, most_heads) && model->heads != before.heads;
    bool hidden = model->hidden != row->study.model.hidden;
    if (fc_text_same_name(word, "mla") || (word[0] == '\0' && before.attention == FC_ATTENTION_MLA)) {
        return; /* its own sizes are the catalogue's */
    }
    if (word[0] != '\0' && !fc_text_same_name(word, "mha") && !fc_text_same_name(word, "gqa") &&
        !fc_text_same_name(word, "mqa")) {
        fc_run_not_understood(row, cells, FC_RUN_ATTENTION);
    }
    model->attention = FC_ATTENTION_GROUPED;
    if (!take32(&model->kv_heads, row, cells, FC_RUN_KV_HEADS, most_heads)) {
        bool mqa = fc_text_same_name(word, "mqa");
        bool unknown = heads || fc_text_same_name(word, "mha");
        model->kv_heads = mqa ? 1 : unknown ? model->heads : model->kv_heads;
    }
    uint32_t head_dim = 0;
    if (take32(&head_dim, row, cells, FC_RUN_HEAD_DIM, most_head_dim) || heads || hidden) {
        model->head_dim = head_dim; /* 0: hidden / heads */
        model->v_head_dim = 0;
    }
}

static void take_experts(fc_model *model, fc_run_row *row, const fc_run_cells *cells) {
    const uint64_t most_experts = 1048576;
    const uint64_t most_width = 1000000000;
    uint64_t value = 0;
    bool had = model->experts > 0;
    uint32_t before = model->experts;
    uint32_t before_each = model->experts_per_token;
    if (!take32(&model->experts, row, cells, FC_RUN_EXPERTS, most_experts)) {
        return;
    }
    (void)take32(&model->experts_per_token, row, cells, FC_RUN_EXPERTS_PER_TOKEN, most_experts);
    if (model->experts != before || model->experts_per_token != before_each) { /* another router */
        model->expert_groups = 0;
        model->expert_groups_per_token = 0;
    }
    if (fc_run_whole(&value, row, cells, FC_RUN_MOE_FFN_HIDDEN, 1, most_width) && value != model->moe_ffn_hidden) {
        bool follows = model->shared_ffn_hidden == model->moe_ffn_hidden;
        model->moe_ffn_hidden = value;
        model->shared_ffn_hidden = follows ? 0 : model->shared_ffn_hidden;
    }
    if (fc_run_whole(&value, row, cells, FC_RUN_SHARED_EXPERTS, 0, 1024)) {
        model->shared_experts = (uint32_t)value;
    }
    if (!had) {
        model->ffn_pattern[0] = '\0'; /* every layer has experts */
    }
}

/* Megatron-LM of those years shares the input table with the logits unless told otherwise. */
static bool ties_embeddings(const char *stack) {
    return fc_text_starts(stack, "megatron-20") || fc_text_starts(stack, "megatron-deepspeed");
}

static void take_width(fc_model *model, fc_run_row *row, const fc_run_cells *cells, bool known) {
    uint64_t value = 0;
    const char *type = cells->text[FC_RUN_FFN_TYPE];
    if (fc_run_whole(&value, row, cells, FC_RUN_FFN_HIDDEN, 1, 1000000000)) {
        model->ffn_hidden = value;
    }
    if (type[0] != '\0' && !fc_run_read_ffn(&model->ffn_type, type)) {
        fc_run_not_understood(row, cells, FC_RUN_FFN_TYPE);
    }
    if (!known && model->ffn_type == FC_FFN_PLAIN) {
        char stack[FC_NAME_SIZE];
        fc_text_slug(stack, sizeof stack, cells->text[FC_RUN_STACK]);
        model->norm = FC_NORM_LAYER;
        model->tied_embeddings = ties_embeddings(stack);
    }
}

static void take_vocab(fc_model *model, fc_run_row *row, const fc_run_cells *cells) {
    uint64_t value = 0;
    if (fc_run_whole(&value, row, cells, FC_RUN_VOCAB, 1, 1000000000)) {
        model->vocab = value;
    } else if (model->vocab == 0) {
        model->vocab = VOCAB_OF_NONE;
        row->vocab_assumed = 1;
        fc_run_list(row->assumed, sizeof row->assumed, "vocab 50304");
    }
}

static const char *missing_dimension(const fc_model *model) {
    if (model->layers_count == 0) {
        return "layers";
    }
    if (model->hidden == 0) {
        return "hidden";
    }
    if (model->heads == 0 && model->ssm_heads == 0) {
        return "heads";
    }
    if (model->experts > 0 ? model->moe_ffn_hidden == 0 && model->ffn_hidden == 0 : model->ffn_hidden == 0) {
        return model->experts > 0 ? "moe_ffn_hidden" : "ffn_hidden";
    }
    return NULL;
}

/* "GPT-2 2B" and "GPT 22B" are one name without punctuation. A width that differs tells models apart; fewer layers may
 * be a cut of the same. */
static bool is_another(const fc_model *known, const fc_run_cells *cells) {
    double hidden = 0;
    return fc_units_parse(&hidden, cells->text[FC_RUN_HIDDEN], FC_UNIT_COUNT, NULL) == FC_OK && hidden > 0 &&
           hidden != known->hidden;
}

static void refuse(fc_run_row *row, const char *what, const char *name) {
    (void)snprintf(row->reason, sizeof row->reason,
                   "%s is not in the row, and the catalogue has no model called \"%.60s\"", what, name);
}

fc_status fc_run_read_model(fc_run_row *row, fc_run_reader *reader, const fc_run_cells *cells, fc_error *error) {
    const char *name = cells->text[FC_RUN_MODEL_NAME];
    const fc_model *known = NULL;
    FC_TRY(catalogue_model(&known, reader, name, error));
    known = known != NULL && is_another(known, cells) ? NULL : known;
    fc_model model = known != NULL ? *known : fc_model_default();
    row->study.model = model; /* what the columns are compared with */
    (void)take32(&model.layers_count, row, cells, FC_RUN_LAYERS, FC_MAX_LAYERS);
    (void)take32(&model.hidden, row, cells, FC_RUN_HIDDEN, 4194304);
    take_attention(&model, row, cells);
    take_width(&model, row, cells, known != NULL);
    take_experts(&model, row, cells);
    take_vocab(&model, row, cells);
    if (known == NULL) {
        fc_text_slug(model.name, sizeof model.name, name[0] != '\0' ? name : row->id);
    }
    const char *missing = missing_dimension(&model);
    if (missing != NULL) {
        refuse(row, missing, name);
    } else if (fc_text_same_name(cells->text[FC_RUN_ATTENTION], "mla") && model.attention != FC_ATTENTION_MLA) {
        refuse(row, "the size of latent attention", name);
    }
    fc_error wrong;
    memset(&wrong, 0, sizeof wrong);
    if (row->reason[0] == '\0' && fc_model_check(&model, &wrong) != FC_OK) {
        (void)fc_text_copy(row->reason, sizeof row->reason, wrong.text);
    }
    row->study.model = model;
    return FC_OK;
}
