/* import_study.c: which kind a file is, what the study still lacks, and the check that it is one. */
#include "import_study.h"

#include "../base/units.h"
#include "import_calculon.h"
#include "import_megatron.h"

#include <string.h>

const char *fc_foreign_kind_name(fc_foreign_kind kind) {
    static const char *const names[FC_FOREIGN_KIND_COUNT] = {NULL, "calculon", "megatron"};
    return kind < FC_FOREIGN_KIND_COUNT ? names[kind] : NULL;
}

typedef struct importing {
    const fc_config *config;
    const fc_foreign *foreign;
    fc_draft *draft;
    fc_calculon calculon;
    fc_given_list given;
    uint32_t kind; /* what the files have been so far */
} importing;

/* ---- files ---------------------------------------------------------------------------------------------------------- */

static fc_status settle_kind(importing *in, const char *source, fc_foreign_kind kind, fc_error *error) {
    if (in->kind != FC_FOREIGN_GUESS && in->kind != (uint32_t)kind) {
        return fc_error_set(
            error, FC_BAD_INPUT, source, 0, 0,
            "this looks like %s, and what came before like %s: give files of one kind, or force it with "
            "--kind",
            fc_foreign_kind_name(kind), fc_foreign_kind_name((fc_foreign_kind)in->kind));
    }
    in->kind = (uint32_t)kind;
    return FC_OK;
}

static fc_status unknown_kind(const char *source, fc_error *error) {
    return fc_error_set(
        error, FC_BAD_INPUT, source, 0, 0,
        "neither Calculon's JSON (num_blocks, tensor_par, networks) nor Megatron's arguments "
        "(--num-layers 96 …, or a dump with num_layers); force it with --kind calculon or --kind megatron");
}

/* A dump has the names of arguments among its keys, at any depth. */
static bool has_arguments(const fc_node *tree, int depth) {
    static const char *const marks[] = {
        "num_layers", "tensor_model_parallel_size", "hidden_size", "micro_batch_size", "num-layers", "--num-layers"};
    if (tree->kind == FC_NODE_LIST && tree->first != NULL && tree->first->kind == FC_NODE_SCALAR) {
        return fc_text_starts(tree->first->text, "--");
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (fc_node_get(tree, marks[i]) != NULL) {
            return true;
        }
    }
    for (const fc_node *node = tree->first; node != NULL && depth < 8; node = node->next) {
        if (node->kind != FC_NODE_SCALAR && has_arguments(node, depth + 1)) {
            return true;
        }
    }
    return false;
}

static fc_status read_tree(importing *in, const char *path, const char *bytes, size_t size, bool json,
                           fc_error *error) {
    fc_node *tree = NULL;
    FC_TRY(json ? fc_json_parse(&tree, in->config->arena, path, bytes, size, error)
                : fc_yaml_parse(&tree, in->config->arena, path, bytes, size, error));
    fc_foreign_kind kind = (fc_foreign_kind)in->foreign->kind;
    if (kind == FC_FOREIGN_GUESS) {
        kind = fc_calculon_is(tree)     ? FC_FOREIGN_CALCULON
               : has_arguments(tree, 0) ? FC_FOREIGN_MEGATRON
                                        : FC_FOREIGN_GUESS;
    }
    if (kind == FC_FOREIGN_GUESS) {
        return unknown_kind(path, error);
    }
    FC_TRY(settle_kind(in, path, kind, error));
    return kind == FC_FOREIGN_CALCULON ? fc_calculon_add(&in->calculon, tree, error)
                                       : fc_given_read_tree(&in->given, tree, error);
}

/* Whether an option stands anywhere: "--" after a blank, a quote or a line end, and then a letter. */
static bool has_options(const char *bytes) {
    for (const char *at = strstr(bytes, "--"); at != NULL; at = strstr(at + 2, "--")) {
        bool begins = at == bytes || strchr(" \t\n\"'(=", at[-1]) != NULL;
        if (begins && at[2] >= 'a' && at[2] <= 'z') {
            return true;
        }
    }
    return false;
}

static fc_status read_text(importing *in, const char *path, char *bytes, size_t size, fc_error *error) {
    if (memchr(bytes, '\0', size) != NULL) {
        return fc_error_set(error, FC_BAD_INPUT, path, 0, 0, "a zero byte: this is no text");
    }
    const bool log = fc_given_is_log(bytes, size);
    if (!log && !has_options(bytes)) {
        return unknown_kind(path, error);
    }
    FC_TRY(settle_kind(in, path, FC_FOREIGN_MEGATRON, error));
    return log ? fc_given_read_log(&in->given, path, bytes, size, error)
               : fc_given_read_shell(&in->given, path, bytes, size, error);
}

static fc_status read_file(importing *in, const char *path, fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    FC_TRY(fc_file_read(&bytes, &size, in->config->arena, path, error));
    const char *first = bytes + strspn(bytes, " \t\r\n");
    const bool json = fc_text_ends(path, ".json") || *first == '{' || *first == '[';
    const bool yaml = fc_text_ends(path, ".yaml") || fc_text_ends(path, ".yml");
    if (json || yaml || in->foreign->kind == FC_FOREIGN_CALCULON) {
        return read_tree(in, path, bytes, size, json || !yaml, error);
    }
    return read_text(in, path, bytes, size, error);
}

static fc_status read_files(importing *in, fc_error *error) {
    for (size_t i = 0; i < in->foreign->paths_count; i++) {
        FC_TRY(read_file(in, in->foreign->paths[i], error));
    }
    if (in->foreign->words == NULL) {
        return FC_OK;
    }
    FC_TRY(settle_kind(in, "command line", FC_FOREIGN_MEGATRON, error));
    return fc_given_read_shell(&in->given, "command line", in->foreign->words, strlen(in->foreign->words), error);
}

/* ---- what a study needs and the files did not say ----------------------------------------------------------------- */

/* Whether --set gives a key, or the map that holds it. */
static bool is_set(const fc_config *config, const char *key) {
    for (size_t i = 0; i < config->sets_count; i++) {
        size_t length = strcspn(config->sets[i], "=");
        if (strncmp(key, config->sets[i], length) == 0 && (key[length] == '\0' || key[length] == '.')) {
            return true;
        }
    }
    return false;
}

static bool lacks(const importing *in, const char *key) {
    return fc_draft_get(in->draft, key) == NULL && !is_set(in->config, key);
}

static fc_status settle_cluster(importing *in, fc_error *error) {
    const fc_place nowhere = {NULL, 0, 0};
    if (lacks(in, "cluster.chip")) {
        FC_TRY(fc_draft_set(in->draft, nowhere, "cluster.chip", "h100-sxm", error));
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, nowhere,
                        "chip h100-sxm, since the files name none: --set cluster.chip=NAME chooses another");
    }
    if (lacks(in, "cluster.chips")) {
        const uint64_t least = in->draft->least_chips > 0 ? in->draft->least_chips : 1;
        FC_TRY(fc_draft_set_count(in->draft, nowhere, "cluster.chips", least, error));
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, nowhere,
                        "%llu chips, the fewest that the plan needs, since the files tell no number: --set "
                        "cluster.chips=N",
                        (unsigned long long)least);
    }
    return FC_OK;
}

static fc_status settle_tokens(importing *in, fc_error *error) {
    const fc_place nowhere = {NULL, 0, 0};
    const fc_node *batch = fc_draft_get(in->draft, "workload.global_batch");
    const fc_node *seq_len = fc_draft_get(in->draft, "workload.seq_len");
    double batch_count = 0;
    double seq_len_count = 0;
    if (!lacks(in, "workload.tokens")) {
        return FC_OK;
    }
    if (batch == NULL || seq_len == NULL || fc_units_parse(&batch_count, batch->text, FC_UNIT_COUNT, NULL) != FC_OK ||
        fc_units_parse(&seq_len_count, seq_len->text, FC_UNIT_COUNT, NULL) != FC_OK) {
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, nowhere,
                        "1T tokens, since the files tell no length of the run: --set workload.tokens=N");
        return fc_draft_set(in->draft, nowhere, "workload.tokens", "1T", error);
    }
    fc_draft_remark(in->draft, FC_REMARK_ASSUMED, nowhere,
                    "the tokens of 1000 steps, since the files tell no length of the run: --set workload.tokens=N");
    return fc_draft_set_number(in->draft, nowhere, "workload.tokens", 1000 * batch_count * seq_len_count, "", error);
}

static fc_status apply_sets(importing *in, fc_error *error) {
    for (size_t i = 0; i < in->config->sets_count; i++) {
        const char *set = in->config->sets[i];
        const char *equals = strchr(set, '=');
        if (equals == NULL || equals == set) {
            return fc_error_set(error, FC_USAGE, "--set", 0, 0,
                                "\"%.80s\" is not key=value, for example cluster.chip=h100-sxm", set);
        }
        char *key = fc_arena_strndup(in->config->arena, set, (size_t)(equals - set));
        if (key == NULL) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for --set");
        }
        FC_TRY(fc_tree_set(in->draft->tree, in->config->arena, key, equals + 1, error));
    }
    return FC_OK;
}

fc_status fc_import_study(fc_draft *out, fc_study *study, fc_inputs *inputs, const fc_config *config,
                          const fc_foreign *foreign, fc_error *error) {
    importing in = {.config = config, .foreign = foreign, .draft = out};
    in.calculon = (fc_calculon){.draft = out, .catalog = &config->catalog};
    in.given.arena = config->arena;
    FC_TRY(fc_draft_start(out, config->arena, error));
    FC_TRY(read_files(&in, error));
    if (in.kind == FC_FOREIGN_CALCULON) {
        FC_TRY(fc_import_calculon(&in.calculon, error));
    } else {
        FC_TRY(fc_import_megatron(out, &in.given, error));
    }
    FC_TRY(settle_cluster(&in, error));
    FC_TRY(settle_tokens(&in, error));
    FC_TRY(apply_sets(&in, error));
    if (out->failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    fc_node *checked = fc_node_copy(config->arena, out->tree);
    if (checked == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study");
    }
    const fc_config bare = {.arena = config->arena, .catalog = config->catalog, .seed = config->seed};
    return fc_config_study_tree(study, inputs, &bare, checked, "the imported study", error);
}
