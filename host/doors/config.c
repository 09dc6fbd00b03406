/* config.c: a study file into a checked fc_study. */
#include "config.h"

#include "../base/text.h"
#include "calibration_file.h"
#include "config_nouns.h"
#include "domain_file.h"
#include "flopcast/calibration.h"

#include <stdio.h>
#include <string.h>

static const char *const STUDY_KEYS[] = {"name",  "question", "about",    "model", "cluster", "workload", "stack",
                                         "plan",  "deal",     "estimate", "seed",  "draws",   "sources",  "source",
                                         "notes", "next",     "sweep",    "space", "run"};
enum { STUDY_KEYS_COUNT = sizeof STUDY_KEYS / sizeof STUDY_KEYS[0] };

/* Messages begin with the key they speak of ("plan.tp = 6 does not …"): it tells where in the file that is. */
static void locate(fc_error *error, const fc_node *tree) {
    if (error == NULL || error->line != 0 || tree->source == NULL) {
        return;
    }
    char key[FC_NAME_SIZE];
    size_t length = strcspn(error->text, " =:,");
    const fc_node *node = tree;
    const char *at = error->text;
    while (node != NULL && length > 0) {
        size_t part = strcspn(at, ". =:,");
        if (part >= sizeof key) {
            return;
        }
        memcpy(key, at, part);
        key[part] = '\0';
        const fc_node *child = fc_node_get(node, key);
        if (child == NULL) {
            break;
        }
        node = child;
        at += part;
        if (*at != '.') {
            break;
        }
        at += 1;
    }
    if (node != NULL && node != tree) {
        error->line = node->line;
        error->column = node->column;
        (void)fc_text_copy(error->source, sizeof error->source, node->source != NULL ? node->source : "");
    } else if (error->source[0] == '\0') {
        (void)fc_text_copy(error->source, sizeof error->source, tree->source);
    }
}

static fc_status read_count(uint64_t *out, fc_node *tree, const char *key, uint64_t least, uint64_t most,
                            fc_error *error) {
    fc_node *node = fc_node_get(tree, key);
    if (node == NULL) {
        return FC_OK;
    }
    node->used = true;
    uint64_t value = 0;
    if (node->kind != FC_NODE_SCALAR || fc_units_parse_u64(&value, node->text, NULL) != FC_OK || value < least ||
        value > most) {
        char found[96];
        fc_node_describe(node, found, sizeof found);
        return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is a whole number from %llu to %llu; found %s", key,
                             (unsigned long long)least, (unsigned long long)most, found);
    }
    *out = value;
    return FC_OK;
}

/* Ranges and facts of number formats that the study does not use would only be noise among its assumptions. */
static bool of_unused_dtype(const char *key, const fc_study *study) {
    const char *mark = strstr(key, ".chip.matmul_");
    if (mark == NULL) {
        mark = strstr(key, ".chip.peak_");
    }
    const char *suffix = mark != NULL ? strrchr(mark, '_') : NULL;
    if (suffix == NULL) {
        return false;
    }
    const char *main_dtype = fc_dtype_name((fc_dtype)study->workload.dtype);
    bool low_bits = study->workload.dtype >= FC_DTYPE_FP8;
    return strcmp(suffix + 1, main_dtype) != 0 && !(low_bits && strcmp(suffix + 1, "bf16") == 0);
}

static void drop_unused(fc_study *study, fc_reader *reader) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        if (!of_unused_dtype(study->spreads[i].key, study)) {
            study->spreads[kept++] = study->spreads[i];
        }
    }
    study->spreads_count = kept;
    fc_fact **link = &reader->first_fact;
    reader->last_fact = NULL;
    while (*link != NULL) {
        if (of_unused_dtype((*link)->key, study)) {
            *link = (*link)->next;
        } else {
            reader->last_fact = *link;
            link = &(*link)->next;
        }
    }
}

/* One job runs on one site; what the other sites do is another job. */
static fc_status take_one_site(fc_study *study, fc_loading *loading, fc_error *error) {
    fc_cluster *cluster = &study->cluster;
    if (cluster->sites_count <= 1) {
        return FC_OK;
    }
    char *text =
        fc_arena_printf(loading->config->arena,
                        "one of %.0f sites: %.0f of %.0f chips; no network between sites is "
                        "fast enough for one synchronous job",
                        cluster->sites_count, cluster->chips_count / cluster->sites_count, cluster->chips_count);
    if (text == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        fc_spread *spread = &study->spreads[i];
        if (spread->offset == offsetof(fc_study, cluster.chips_count) ||
            spread->offset == offsetof(fc_study, cluster.storage_bytes_per_s)) {
            spread->low /= cluster->sites_count;
            spread->mid /= cluster->sites_count;
            spread->high /= cluster->sites_count;
        }
    }
    cluster->storage_bytes_per_s /= cluster->sites_count;
    cluster->chips_count = (double)(uint64_t)(cluster->chips_count / cluster->sites_count);
    cluster->sites_count = 1;
    return fc_load_note(loading, "cluster.chips", text, "study", FC_GRADE_EXACT, error);
}

static fc_status refuse_fleet(const fc_node *cluster, fc_error *error) {
    if (cluster == NULL || cluster->kind != FC_NODE_LIST) {
        return FC_OK;
    }
    return fc_node_error(error, FC_BAD_INPUT, cluster, false,
                         "this cluster mixes %zu kinds of chip, and one job runs on one kind: choose one, for example "
                         "--set 'cluster={chip: h100-sxm, chips: 150k}', or ask `flopcast compare`",
                         cluster->count);
}

static fc_status read_nouns(fc_study *out, fc_loading *loading, fc_node *tree, fc_error *error) {
    FC_TRY(fc_load_model(&out->model, loading, "model", fc_node_get(tree, "model"), error));
    FC_TRY(fc_load_cluster(&out->cluster, loading, "cluster", fc_node_get(tree, "cluster"), error));
    FC_TRY(fc_load_workload(&out->workload, loading, fc_node_get(tree, "workload"), error));
    FC_TRY(fc_load_stack(&out->stack, loading, fc_node_get(tree, "stack"), error));
    FC_TRY(fc_load_plan(&out->plan, loading, fc_node_get(tree, "plan"), error));
    FC_TRY(fc_load_deal(&out->deal, loading, &out->cluster.chip, fc_node_get(tree, "deal"), error));
    FC_TRY(fc_load_policy(&out->policy, loading, fc_node_get(tree, "run"), error));
    FC_TRY(fc_load_estimate_habits(out, loading, fc_node_get(tree, "estimate"), error));
    FC_TRY(fc_load_power(out, loading, "cluster", error));
    return fc_load_domain(&out->domain, loading, out, error);
}

/* A calibration that this study does not stand on is read all the same: a wrong path must not go unseen. */
static fc_status check_unused_calibration(const fc_study *study, fc_loading *loading, fc_error *error) {
    const char *path = loading->config->calibration_path;
    if (path == NULL || strcmp(study->cluster.chip.name, "local") == 0) {
        return FC_OK;
    }
    fc_calibration calibration;
    FC_TRY(fc_calibration_read(&calibration, loading->config->arena, path, error));
    const char *text = fc_arena_printf(loading->config->arena, "not used: it describes chip local, and this is %s",
                                       study->cluster.chip.name);
    if (text == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    return fc_load_note(loading, "calibration", text, "calibration", FC_GRADE_MEASURED, error);
}

/* A model's config.json given as the study is a common slip. */
static fc_status refuse_model_file(const fc_node *tree, const char *name, fc_error *error) {
    const fc_node *mark = fc_node_get(tree, "model_type");
    mark = mark != NULL ? mark : fc_node_get(tree, "architectures");
    if (mark == NULL || fc_node_get(tree, "model") != NULL) {
        return FC_OK;
    }
    return fc_node_error(error, FC_BAD_INPUT, mark, true,
                         "this is a model's config.json, not a study: write model: %s into a study, or try it with "
                         "`flopcast estimate llama3-405b-16k-h100 --set model=%s`",
                         name, name);
}

static fc_status compose(fc_study *out, fc_loading *loading, fc_node *tree, fc_error *error) {
    uint64_t draws = out->draws_count;
    FC_TRY(fc_fields_refuse_unknown(tree, NULL, STUDY_KEYS, STUDY_KEYS_COUNT, error));
    FC_TRY(refuse_fleet(fc_node_get(tree, "cluster"), error));
    FC_TRY(read_count(&out->seed, tree, "seed", 0, UINT64_MAX, error));
    out->seed = loading->config->seed != 0 ? loading->config->seed : out->seed;
    FC_TRY(read_count(&draws, tree, "draws", FC_LEAST_DRAWS, 1000000, error));
    out->draws_count = (uint32_t)draws;
    if (fc_node_get(tree, "model") == NULL) {
        return fc_node_error(
            error, FC_BAD_INPUT, tree, false,
            "the study has no model: give model: NAME (`flopcast list models`), a path to a config.json, "
            "or a map of fields");
    }
    FC_TRY(read_nouns(out, loading, tree, error));
    FC_TRY(check_unused_calibration(out, loading, error));
    FC_TRY(take_one_site(out, loading, error));
    drop_unused(out, &loading->reader);
    FC_TRY(fc_study_check(out, error));
    return fc_domain_tell(out, loading, error);
}

/* Single quotes keep a shell from reading anything but a single quote itself. */
static void add_quoted(fc_text *text, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/=:,+@%";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fc_text_add(text, word);
        return;
    }
    fc_text_add(text, "'");
    for (; *word != '\0'; ++word) {
        if (*word == '\'') {
            fc_text_add(text, "'\\''");
        } else {
            fc_text_add_bytes(text, word, 1);
        }
    }
    fc_text_add(text, "'");
}

fc_status fc_load_again(const char **out, const fc_config *config, const char *name, fc_error *error) {
    fc_text text = fc_text_start(config->arena);
    add_quoted(&text, name);
    if (config->calibration_path != NULL) {
        fc_text_add(&text, " --calibration ");
        add_quoted(&text, config->calibration_path);
    }
    for (size_t i = 0; i < config->sets_count; ++i) {
        fc_text_add(&text, " --set ");
        add_quoted(&text, config->sets[i]);
    }
    *out = text.bytes;
    return text.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study") : FC_OK;
}

static const char *text_of(const fc_node *tree, const char *key) {
    const fc_node *node = fc_node_get(tree, key);
    return node != NULL && node->kind == FC_NODE_SCALAR ? node->text : "";
}

fc_status fc_config_study(fc_study *out, fc_inputs *inputs, const fc_config *config, const char *name,
                          fc_error *error) {
    fc_node *tree = NULL;
    FC_TRY(fc_load_study_tree(&tree, config, name, error));
    return fc_config_study_tree(out, inputs, config, tree, name, error);
}

fc_status fc_config_study_tree(fc_study *out, fc_inputs *inputs, const fc_config *config, fc_node *tree,
                               const char *name, fc_error *error) {
    fc_loading loading;
    memset(inputs, 0, sizeof *inputs);
    *out = fc_study_default();
    if (fc_node_get(tree, "programmes") != NULL) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(tree, "programmes"), true,
                             "this study is a race of programmes: ask `flopcast race %s`", name);
    }
    if (fc_node_get(tree, "deals") != NULL) {
        return fc_node_error(error, FC_BAD_INPUT, fc_node_get(tree, "deals"), true,
                             "this study compares deals: ask `flopcast compare %s`", name);
    }
    FC_TRY(refuse_model_file(tree, name, error));
    FC_TRY(fc_load_start(&loading, config, out, error));
    loading.study_sources = fc_node_get(tree, "sources");
    (void)fc_text_copy(out->name, sizeof out->name, text_of(tree, "name")[0] ? text_of(tree, "name") : name);
    fc_status status = compose(out, &loading, tree, error);
    if (status != FC_OK) {
        locate(error, tree);
        return status;
    }
    inputs->facts = loading.reader.first_fact;
    inputs->question = text_of(tree, "question");
    inputs->tree = tree;
    return fc_load_again(&inputs->again, config, name, error);
}

fc_status fc_config_model(fc_model *out, fc_arena *arena, const fc_catalog *catalog, const char *name,
                          fc_error *error) {
    fc_config config = {.arena = arena, .catalog = *catalog};
    fc_loading loading = {.config = &config};
    loading.reader.arena = arena;
    fc_node *node = fc_arena_alloc(arena, sizeof *node);
    if (node == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the model");
    }
    node->kind = FC_NODE_SCALAR;
    node->text = name;
    return fc_load_model(out, &loading, "model", node, error);
}
