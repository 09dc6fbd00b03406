/* hf_config.c: opens a config.json, finds the text model in it and the class it belongs to, and tells what is missing. */
#include "hf_class.h"

#include "../base/text.h"

#include <string.h>

#define CLASS_FOLDER "hf"

const char *fc_hf_origin_name(fc_hf_origin origin) {
    static const char *const names[FC_HF_ORIGIN_COUNT] = {"file", "class default", "fixed in the class", "remark"};
    return (unsigned)origin < FC_HF_ORIGIN_COUNT ? names[origin] : "unknown";
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

typedef struct class_list {
    const char *folder;
    const char *const *names;
    size_t count;
} class_list;

static fc_status list_classes(class_list *out, const fc_hf_reading *r, const char *data_folder) {
    const char *folder = fc_arena_printf(r->arena, "%s/" CLASS_FOLDER, data_folder);
    if (folder == NULL) {
        return fc_hf_no_memory(r);
    }
    out->folder = folder;
    FC_TRY(fc_folder_list(&out->names, &out->count, r->arena, folder, ".yaml", r->error));
    if (out->count == 0) {
        return fc_error_set(r->error, FC_FAILED, folder, 0, 0,
                            "no model classes here; --data must name a folder that has " CLASS_FOLDER "/*.yaml");
    }
    return FC_OK;
}

static fc_status read_class(fc_node **out, const fc_hf_reading *r, const class_list *classes, const char *name) {
    const char *path = fc_arena_printf(r->arena, "%s/%s.yaml", classes->folder, name);
    if (path == NULL) {
        return fc_hf_no_memory(r);
    }
    return fc_tree_read(out, r->arena, path, r->error);
}

static bool is_known(const class_list *classes, const char *name) {
    for (size_t i = 0; i < classes->count; i++) {
        if (strcmp(classes->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static fc_status refuse_class(const fc_hf_reading *r, const class_list *classes, const fc_node *node,
                              const char *name) {
    const char *nearest = fc_text_nearest(name, classes->names, classes->count);
    fc_text known = fc_text_start(r->arena);
    for (size_t i = 0; i < classes->count; i++) {
        fc_text_addf(&known, "%s%s", i == 0 ? "" : ", ", classes->names[i]);
    }
    if (known.failed || known.bytes == NULL) {
        return fc_hf_no_memory(r);
    }
    return fc_node_error(r->error, FC_BAD_INPUT, node, false,
                         "model_type \"%.64s\" is not known%s%s%s; known: %.600s. Write the model as a mapping of "
                         "fields instead: model: {layers: …, hidden: …, heads: …, ffn_hidden: …, vocab: …}",
                         name, nearest != NULL ? ", nearest is \"" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "\"" : "", known.bytes);
}

/* The class that names an architecture: older files lack model_type. */
static fc_status class_of_architecture(const char **out, const fc_hf_reading *r, const class_list *classes,
                                       const char *architecture) {
    *out = NULL;
    for (size_t i = 0; i < classes->count && *out == NULL; i++) {
        fc_node *root = NULL;
        FC_TRY(read_class(&root, r, classes, classes->names[i]));
        const fc_node *own = fc_node_get(root, "architectures");
        for (const fc_node *one = own != NULL ? own->first : NULL; one != NULL; one = one->next) {
            if (one->kind == FC_NODE_SCALAR && strcmp(one->text, architecture) == 0) {
                *out = classes->names[i];
            }
        }
    }
    return FC_OK;
}

/* model_type of the text model, else of the file around it, else what `architectures` names. */
static fc_status find_type(const char **out, const fc_hf_reading *r, const class_list *classes) {
    const fc_node *node = fc_node_get(r->config, "model_type");
    node = node != NULL ? node : fc_node_get(r->outer, "model_type");
    if (node != NULL && node->kind != FC_NODE_NULL) {
        if (node->kind != FC_NODE_SCALAR || !node->quoted) {
            char found[96];
            fc_node_describe(node, found, sizeof found);
            return fc_node_error(r->error, FC_BAD_INPUT, node, false, "model_type: a text is expected, found %s",
                                 found);
        }
        *out = node->text;
        return is_known(classes, node->text) ? FC_OK : refuse_class(r, classes, node, node->text);
    }
    const fc_node *names = fc_node_get(r->config, "architectures");
    const fc_node *first = fc_node_at(names, 0);
    if (first == NULL || first->kind != FC_NODE_SCALAR) {
        return fc_node_error(r->error, FC_BAD_INPUT, r->config, false,
                             "neither model_type nor architectures is given, so the class and its defaults are not "
                             "known; add \"model_type\", for example \"llama\"");
    }
    FC_TRY(class_of_architecture(out, r, classes, first->text));
    return *out != NULL ? FC_OK : refuse_class(r, classes, first, first->text);
}

static const char *source_of(const fc_node *class_file) {
    const fc_node *id = fc_node_get(class_file, "source");
    const fc_node *source = fc_node_get(fc_node_get(class_file, "sources"), id != NULL ? id->text : "");
    const fc_node *title = fc_node_get(source, "title");
    return title != NULL && title->kind == FC_NODE_SCALAR ? title->text : "";
}

static fc_status open_class(fc_hf_reading *r, fc_hf_facts *facts, const char *data_folder) {
    class_list classes = {0};
    FC_TRY(list_classes(&classes, r, data_folder));
    FC_TRY(find_type(&r->model_type, r, &classes));
    fc_node *root = NULL;
    FC_TRY(read_class(&root, r, &classes, r->model_type));
    facts->model_type = r->model_type;
    facts->source = source_of(root);
    const fc_node *same_as = fc_node_get(root, "same_as");
    if (same_as != NULL) {
        if (same_as->kind != FC_NODE_SCALAR || !is_known(&classes, same_as->text)) {
            return fc_hf_class_error(r, same_as, "same_as does not name a class");
        }
        FC_TRY(read_class(&root, r, &classes, same_as->text));
    }
    r->class_file = root;
    return FC_OK;
}

/* ---- the text model in the file ----------------------------------------------------------------------------------- */

static fc_status find_text_model(fc_hf_reading *r, const fc_node *root) {
    static const char *const inner[] = {"text_config", "llm_config", "language_config"};
    r->outer = root;
    r->config = root;
    if (root->kind != FC_NODE_MAP) {
        char found[96];
        fc_node_describe(root, found, sizeof found);
        return fc_node_error(r->error, FC_BAD_INPUT, root, false,
                             "a config.json is one object {\"model_type\": …}, found %s", found);
    }
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        const fc_node *node = fc_node_get(root, inner[i]);
        if (node != NULL && node->kind == FC_NODE_MAP) {
            r->config = node;
            return FC_OK;
        }
    }
    return FC_OK;
}

/* Parts that the file has and the model does not: another encoder, or what the class file lists under left_out. */
static fc_status remark_left_out(fc_hf_reading *r) {
    static const char *const parts[] = {"vision_config", "audio_config", "speech_config"};
    const fc_node *rows = fc_node_get(r->class_file, "left_out");
    for (const fc_node *row = rows != NULL ? rows->first : NULL; row != NULL; row = row->next) {
        const fc_node *node = fc_hf_walk(r->config, row->key);
        bool has = node != NULL && node->kind == FC_NODE_SCALAR && strcmp(node->text, "0") != 0;
        if (has && row->kind == FC_NODE_SCALAR) {
            FC_TRY(fc_hf_add_fact(r, row->key, row->text, row->key, FC_HF_REMARK));
        }
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const fc_node *node = fc_node_get(r->outer, parts[i]);
        if (node != NULL && node->kind == FC_NODE_MAP) {
            FC_TRY(fc_hf_add_fact(r, parts[i], "left out: only the text model is counted", parts[i], FC_HF_REMARK));
        }
    }
    return FC_OK;
}

/* ---- name, missing keys, checks ------------------------------------------------------------------------------------ */

static const char *last_slash(const char *path, size_t length) {
    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    return path + length;
}

/* As catalogue names are spelt: lower case, digits, dots, everything else one '-'. */
static void spell_name(char *out, size_t out_size, const char *text, size_t length) {
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < out_size; i++) {
        char c = text[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
        if (plain) {
            out[used++] = c;
        } else if (used > 0 && out[used - 1] != '-') {
            out[used++] = '-';
        }
    }
    used -= used > 0 && out[used - 1] == '-' ? 1 : 0;
    out[used] = '\0';
}

/* The file's name, or its folder's where the file is config.json, else the class. */
static void set_name(fc_hf_reading *r, const char *path) {
    size_t length = strlen(path);
    const char *file = last_slash(path, length);
    size_t stem_length = strlen(file);
    if (strcmp(file, "config.json") == 0) {
        length = file > path ? (size_t)(file - path) - 1 : 0;
        file = last_slash(path, length);
        stem_length = length - (size_t)(file - path);
    } else if (fc_text_ends(file, ".json")) {
        stem_length -= sizeof ".json" - 1;
    }
    spell_name(r->model->name, sizeof r->model->name, file, stem_length);
    if (r->model->name[0] == '\0' || r->model->name[0] == '.') {
        spell_name(r->model->name, sizeof r->model->name, r->model_type, strlen(r->model_type));
    }
}

static fc_status refuse_missing(const fc_hf_reading *r) {
    if (r->missing_count == 0) {
        return FC_OK;
    }
    fc_text list = fc_text_start(r->arena);
    for (size_t i = 0; i < r->missing_count; i++) {
        fc_text_addf(&list, "%s%s", i == 0 ? "" : ", ", r->missing[i]);
    }
    if (list.failed || list.bytes == NULL) {
        return fc_hf_no_memory(r);
    }
    return fc_node_error(r->error, FC_BAD_INPUT, r->config, false,
                         "missing: %.500s. Class %s has no default for what is listed; add it to the file, or write "
                         "the model as a mapping of fields",
                         list.bytes, r->model_type);
}

/* The noun's check knows no file; its message gets the place of the text model. On a copy: what it fills stays open. */
static fc_status check_model(const fc_hf_reading *r) {
    fc_error inner = {0};
    fc_model copy = *r->model;
    copy.encoder_seq_len = copy.encoder_seq_len > 0 ? copy.encoder_seq_len : 1;
    fc_status status = fc_model_check(&copy, &inner);
    return status == FC_OK ? FC_OK : fc_node_error(r->error, status, r->config, false, "%.900s", inner.text);
}

static fc_status read_model(fc_hf_reading *r, fc_hf_facts *facts, const char *data_folder, const char *path) {
    fc_node *root = NULL;
    FC_TRY(fc_tree_read(&root, r->arena, path, r->error));
    FC_TRY(find_text_model(r, root));
    FC_TRY(open_class(r, facts, data_folder));
    FC_TRY(fc_hf_rows_read(r));
    FC_TRY(refuse_missing(r));
    FC_TRY(fc_hf_patterns_read(r));
    FC_TRY(refuse_missing(r));
    FC_TRY(remark_left_out(r));
    set_name(r, path);
    return check_model(r);
}

fc_status fc_hf_config_facts(fc_model *out, fc_hf_facts *facts, fc_arena *arena, const char *data_folder,
                             const char *path, fc_error *error) {
    fc_model model = fc_model_default();
    fc_hf_reading r = {.arena = arena, .model = &model, .model_type = "", .error = error};
    r.facts = fc_arena_alloc(arena, FC_HF_MAX_FACTS * sizeof *r.facts);
    if (r.facts == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "out of memory while reading the file");
    }
    *facts = (fc_hf_facts){.model_type = "", .source = ""};
    FC_TRY(read_model(&r, facts, data_folder, path));
    facts->facts = r.facts;
    facts->count = r.facts_count;
    *out = model;
    return FC_OK;
}

fc_status fc_hf_config_read(fc_model *out, const fc_hf_default **defaults, size_t *count, fc_arena *arena,
                            const char *data_folder, const char *path, fc_error *error) {
    fc_hf_facts facts;
    FC_TRY(fc_hf_config_facts(out, &facts, arena, data_folder, path, error));
    if (defaults == NULL || count == NULL) {
        return FC_OK;
    }
    fc_hf_default *kept = fc_arena_alloc(arena, (facts.count + 1) * sizeof *kept);
    if (kept == NULL) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "out of memory while reading the file");
    }
    *count = 0;
    for (size_t i = 0; i < facts.count; i++) {
        if (facts.facts[i].origin == FC_HF_FROM_CLASS || facts.facts[i].origin == FC_HF_REMARK) {
            kept[(*count)++] = (fc_hf_default){.key = facts.facts[i].key, .text = facts.facts[i].text};
        }
    }
    *defaults = kept;
    return FC_OK;
}
