/* import_calculon.c: the application and the execution. */
#include "import_calculon.h"

#include "../base/units.h"

#include <stdio.h>
#include <string.h>

/* ---- members ----------------------------------------------------------------------------------------------------- */

fc_place fc_calculon_place(const fc_node *map, const char *key) {
    const fc_node *node = fc_node_get(map, key);
    node = node != NULL ? node : map;
    return (fc_place){node->source, node->line, node->column};
}

static fc_status refuse(const fc_node *node, const char *key, const char *allowed, fc_error *error) {
    char found[96];
    fc_node_describe(node, found, sizeof found);
    return fc_node_error(error, FC_BAD_INPUT, node, false, "%s is %s; allowed is %s", key, found, allowed);
}

static fc_status find(fc_node **out, fc_node *map, const char *key, bool needed, fc_error *error) {
    *out = fc_node_get(map, key);
    if (*out == NULL) {
        return needed ? fc_node_error(error, FC_BAD_INPUT, map, false, "no %s in this file of Calculon's", key) : FC_OK;
    }
    (*out)->used = true;
    return FC_OK;
}

fc_status fc_calculon_count(uint64_t *out, fc_node *map, const char *key, uint64_t least, uint64_t most, bool needed,
                            fc_error *error) {
    fc_node *node = NULL;
    uint64_t value = 0;
    FC_TRY(find(&node, map, key, needed, error));
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR || node->quoted || fc_units_parse_u64(&value, node->text, NULL) != FC_OK ||
        value < least || value > most) {
        char allowed[96];
        (void)snprintf(allowed, sizeof allowed, "a whole number from %llu to %llu", (unsigned long long)least,
                       (unsigned long long)most);
        return refuse(node, key, allowed, error);
    }
    *out = value;
    return FC_OK;
}

fc_status fc_calculon_number(double *out, fc_node *map, const char *key, double least, double most, bool needed,
                             fc_error *error) {
    fc_node *node = NULL;
    double value = 0;
    FC_TRY(find(&node, map, key, needed, error));
    if (node == NULL) {
        return FC_OK;
    }
    if (node->kind != FC_NODE_SCALAR || node->quoted ||
        fc_units_parse(&value, node->text, FC_UNIT_NONE, NULL) != FC_OK || !(value >= least && value <= most)) {
        char allowed[96];
        (void)snprintf(allowed, sizeof allowed, "a number from %g to %g", least, most);
        return refuse(node, key, allowed, error);
    }
    *out = value;
    return FC_OK;
}

fc_status fc_calculon_flag(bool *out, fc_node *map, const char *key, fc_error *error) {
    fc_node *node = NULL;
    *out = false;
    FC_TRY(find(&node, map, key, false, error));
    if (node == NULL) {
        return FC_OK;
    }
    bool on = node->kind == FC_NODE_SCALAR && strcmp(node->text, "true") == 0;
    bool off = node->kind == FC_NODE_SCALAR && strcmp(node->text, "false") == 0;
    if (!on && !off) {
        return refuse(node, key, "true or false", error);
    }
    *out = on;
    return FC_OK;
}

fc_status fc_calculon_word(const char **out, fc_node *map, const char *key, const char *const *allowed,
                           fc_error *error) {
    fc_node *node = NULL;
    FC_TRY(find(&node, map, key, false, error));
    if (node == NULL) {
        return FC_OK;
    }
    char list[128] = "";
    for (size_t i = 0, size = 0; allowed[i] != NULL; i++) {
        if (node->kind == FC_NODE_SCALAR && strcmp(node->text, allowed[i]) == 0) {
            *out = allowed[i];
            return FC_OK;
        }
        size += (size_t)snprintf(list + size, sizeof list - size, "%s%s", i > 0 ? ", " : "", allowed[i]);
        size = size < sizeof list ? size : sizeof list - 1;
    }
    return refuse(node, key, list, error);
}

void fc_calculon_leftovers(fc_draft *draft, const fc_node *map) {
    for (const fc_node *node = map->first; node != NULL; node = node->next) {
        if (!node->used) {
            char found[96];
            fc_node_describe(node, found, sizeof found);
            fc_draft_remark(draft, FC_REMARK_UNKNOWN, (fc_place){node->source, node->key_line, node->key_column},
                            "%.64s, %s", node->key, found);
        }
    }
}

/* ---- parts --------------------------------------------------------------------------------------------------------- */

typedef struct part_row {
    const char *const names[4]; /* of the member that holds it where several stand together */
    const char *mark;           /* a key that only this part has */
} part_row;

static const part_row PARTS[] = {{{"application", "app", NULL}, "num_blocks"},
                                 {{"execution", "exe", NULL}, "tensor_par"},
                                 {{"system", "syst", NULL}, "networks"}};
enum { PARTS_COUNT = sizeof PARTS / sizeof PARTS[0] };

static fc_node *member(const fc_node *tree, const part_row *row) {
    for (size_t i = 0; row->names[i] != NULL; i++) {
        fc_node *node = fc_node_get(tree, row->names[i]);
        if (node != NULL && fc_node_get(node, row->mark) != NULL) {
            return node;
        }
    }
    return NULL;
}

bool fc_calculon_is(const fc_node *tree) {
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        if (fc_node_get(tree, PARTS[i].mark) != NULL || member(tree, &PARTS[i]) != NULL) {
            return true;
        }
    }
    return fc_node_get(tree, "attn_heads") != NULL || fc_node_get(tree, "matrix") != NULL ||
           fc_node_get(tree, "activation_recompute") != NULL;
}

fc_status fc_calculon_add(fc_calculon *in, fc_node *tree, fc_error *error) {
    fc_node **const slots[PARTS_COUNT] = {&in->application, &in->execution, &in->system};
    bool found = false;
    bool alone = false;
    for (size_t i = 0; i < PARTS_COUNT; i++) {
        fc_node *part = fc_node_get(tree, PARTS[i].mark) != NULL ? tree : member(tree, &PARTS[i]);
        if (part == NULL) {
            continue;
        }
        if (*slots[i] != NULL) {
            return fc_node_error(error, FC_BAD_INPUT, part, false, "a second %s; %s has one already: give one of each",
                                 PARTS[i].names[0], (*slots[i])->source);
        }
        *slots[i] = part;
        part->used = true;
        found = true;
        alone = alone || part == tree;
    }
    if (!found) {
        return fc_node_error(
            error, FC_BAD_INPUT, tree, false,
            "neither an application (num_blocks), an execution (tensor_par) nor a system (networks) of "
            "Calculon's");
    }
    if (!alone) {
        fc_calculon_leftovers(in->draft, tree);
    }
    return FC_OK;
}

/* ---- application -------------------------------------------------------------------------------------------------- */

/* "models/gpt3-175B.json" is called gpt3-175B. */
static fc_status name_model(fc_calculon *in, fc_error *error) {
    const char *source = in->application->source != NULL ? in->application->source : "";
    const char *slash = strrchr(source, '/');
    char name[FC_NAME_SIZE];
    fc_text_slug(name, sizeof name, slash != NULL ? slash + 1 : source);
    if (fc_text_ends(name, "-json")) {
        name[strlen(name) - strlen("-json")] = '\0';
    }
    char *kept = fc_arena_strdup(in->draft->arena, name);
    return kept == NULL      ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the study")
           : kept[0] != '\0' ? fc_draft_set(in->draft, (fc_place){NULL, 0, 0}, "model.name", kept, error)
                             : FC_OK;
}

/* Calculon's transformer is GPT's: two matrices with biases, layer norms, learned positions, one table for input and output
 * (num_parameters in llm.py). */
static fc_status read_application(fc_calculon *in, uint64_t *seq_len, fc_error *error) {
    static const struct {
        const char *key;
        const char *path;
        uint64_t most;
    } rows[] = {{"num_blocks", "model.layers", 4096},
                {"hidden", "model.hidden", 4194304},
                {"attn_heads", "model.heads", 1048576},
                {"attn_size", "model.head_dim", 65536},
                {"feedforward", "model.ffn_hidden", 1000000000},
                {"seq_size", "model.seq_len", 1000000000}};
    static const char *const fixed[][2] = {{"model.ffn_type", "plain"},          {"model.norm", "layer"},
                                           {"model.position", "learned"},        {"model.qkv_bias", "true"},
                                           {"model.attention_out_bias", "true"}, {"model.ffn_bias", "true"},
                                           {"model.tied_embeddings", "true"},    {"model.vocab", "51200"}};
    fc_node *app = in->application;
    FC_TRY(name_model(in, error));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 0;
        FC_TRY(fc_calculon_count(&value, app, rows[i].key, 1, rows[i].most, true, error));
        FC_TRY(fc_draft_set_count(in->draft, fc_calculon_place(app, rows[i].key), rows[i].path, value, error));
        *seq_len = value; /* seq_size is the last row */
    }
    FC_TRY(fc_draft_set_count(in->draft, fc_calculon_place(app, "seq_size"), "model.max_positions", *seq_len, error));
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        FC_TRY(
            fc_draft_set(in->draft, (fc_place){app->source, app->line, app->column}, fixed[i][0], fixed[i][1], error));
    }
    fc_draft_remark(in->draft, FC_REMARK_ASSUMED, (fc_place){app->source, 0, 0},
                    "a vocabulary of 51200, as Calculon counts parameters; its times leave embedding and logits out");
    fc_calculon_leftovers(in->draft, app);
    return FC_OK;
}

/* ---- execution ----------------------------------------------------------------------------------------------------- */

static fc_status read_sizes(fc_calculon *in, fc_error *error) {
    static const struct {
        const char *key;
        const char *path;
        uint64_t most;
    } rows[] = {{"tensor_par", "plan.tp", 65536},
                {"pipeline_par", "plan.pp", 4096},
                {"data_par", "plan.dp", 100000000},
                {"pipeline_interleaving", "plan.vpp", 4096},
                {"microbatch_size", "plan.micro_batch", 1000000}};
    fc_node *exe = in->execution;
    uint64_t value[5] = {1, 1, 1, 1, 1};
    uint64_t procs = 0;
    for (size_t i = 0; i < 5; i++) {
        FC_TRY(fc_calculon_count(&value[i], exe, rows[i].key, 1, rows[i].most, true, error));
        FC_TRY(fc_draft_set_count(in->draft, fc_calculon_place(exe, rows[i].key), rows[i].path, value[i], error));
    }
    const uint64_t used = value[0] * value[1] * value[2];
    procs = used;
    FC_TRY(fc_calculon_count(&procs, exe, "num_procs", 1, 1000000000, false, error));
    if (procs != used) {
        return fc_place_error(error, fc_calculon_place(exe, "num_procs"),
                              "num_procs is %llu; tensor_par x pipeline_par x data_par is %llu x %llu x %llu = %llu",
                              (unsigned long long)procs, (unsigned long long)value[0], (unsigned long long)value[1],
                              (unsigned long long)value[2], (unsigned long long)used);
    }
    if (value[1] == 1 && value[3] > 1) {
        return fc_place_error(error, fc_calculon_place(exe, "pipeline_interleaving"),
                              "pipeline_interleaving is %llu with pipeline_par 1: allowed is 1",
                              (unsigned long long)value[3]);
    }
    FC_TRY(fc_draft_set_count(in->draft, fc_calculon_place(exe, "num_procs"), "cluster.chips", procs, error));
    FC_TRY(fc_draft_set_count(in->draft, fc_calculon_place(exe, "num_procs"), "plan.cp", 1, error));
    return fc_draft_set_count(in->draft, fc_calculon_place(exe, "num_procs"), "plan.ep", 1, error);
}

static fc_status read_batch(fc_calculon *in, fc_error *error) {
    fc_node *exe = in->execution;
    uint64_t batch = 0;
    uint64_t micro = 1;
    uint64_t replicas = 1;
    FC_TRY(fc_calculon_count(&batch, exe, "batch_size", 1, 1000000000, true, error));
    FC_TRY(fc_calculon_count(&micro, exe, "microbatch_size", 1, 1000000, true, error));
    FC_TRY(fc_calculon_count(&replicas, exe, "data_par", 1, 100000000, true, error));
    const fc_place place = fc_calculon_place(exe, "batch_size");
    if (batch % (micro * replicas) != 0) {
        return fc_place_error(error, place, "batch_size is %llu, no multiple of microbatch_size %llu x data_par %llu",
                              (unsigned long long)batch, (unsigned long long)micro, (unsigned long long)replicas);
    }
    FC_TRY(fc_draft_set_count(in->draft, place, "workload.global_batch", batch, error));
    return fc_draft_set_count(in->draft, place, "plan.global_batch", batch, error);
}

/* Which of the three lies innermost is told by the networks they use; ranks are counted tensor, pipeline, data where two
 * use the same (get_peers_json in llm.py). */
static fc_status read_order(fc_calculon *in, fc_error *error) {
    fc_node *exe = in->execution;
    uint64_t net[3] = {0, 0, 0};
    static const char *const keys[] = {"tensor_par_net", "pipeline_par_net", "data_par_net"};
    for (size_t i = 0; i < 3; i++) {
        FC_TRY(fc_calculon_count(&net[i], exe, keys[i], 0, 64, false, error));
    }
    if (net[0] > net[1] || net[0] > net[2]) {
        fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, fc_calculon_place(exe, keys[0]),
                        "tensor_par_net %llu: tensor ranks always lie innermost", (unsigned long long)net[0]);
    }
    return fc_draft_set(in->draft, fc_calculon_place(exe, keys[1]), "plan.rank_order",
                        net[1] <= net[2] ? "tp-cp-ep-pp-dp" : "tp-cp-ep-dp-pp", error);
}

static fc_status read_tensor_traffic(fc_calculon *in, fc_error *error) {
    static const char *const kinds[] = {"ar", "p2p_rs_ag", "rs_ag", NULL};
    static const char *const overlaps[] = {"none", "ring", "pipe", NULL};
    fc_node *exe = in->execution;
    const char *kind = "ar";
    const char *overlap = "none";
    bool redo = false;
    FC_TRY(fc_calculon_word(&kind, exe, "tensor_par_comm_type", kinds, error));
    FC_TRY(fc_calculon_word(&overlap, exe, "tensor_par_overlap", overlaps, error));
    FC_TRY(fc_calculon_flag(&redo, exe, "seq_par_ag_redo", error));
    const bool sequence = strcmp(kind, "rs_ag") == 0;
    if (redo && !sequence) {
        return fc_place_error(error, fc_calculon_place(exe, "seq_par_ag_redo"),
                              "seq_par_ag_redo is true with tensor_par_comm_type %s: allowed with rs_ag only", kind);
    }
    FC_TRY(fc_draft_set(in->draft, fc_calculon_place(exe, "tensor_par_comm_type"), "plan.sequence_parallel",
                        sequence ? "1" : "0", error));
    if (strcmp(kind, "ar") == 0) { /* the whole activation goes to the next stage */
        FC_TRY(fc_draft_set_flag(in->draft, fc_calculon_place(exe, "tensor_par_comm_type"), "stack.pp_send_whole", true,
                                 error));
    }
    if (sequence && !redo) {
        fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, fc_calculon_place(exe, "seq_par_ag_redo"),
                        "seq_par_ag_redo false: with sequence parallelism the gathered input is always gathered again");
    }
    const bool hides = strcmp(overlap, "none") != 0;
    if (hides) {
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, fc_calculon_place(exe, "tensor_par_overlap"),
                        "tensor_par_overlap %s hides 0.69 of tensor traffic, as megatron-core does", overlap);
    }
    return fc_draft_set(in->draft, fc_calculon_place(exe, "tensor_par_overlap"), "stack.tp_overlap",
                        hides ? "0.69" : "0", error);
}

static fc_status read_recompute(fc_calculon *in, fc_error *error) {
    static const char *const kinds[] = {"none", "attn_only", "full", NULL};
    const char *kind = "none";
    FC_TRY(fc_calculon_word(&kind, in->execution, "activation_recompute", kinds, error));
    return fc_draft_set(in->draft, fc_calculon_place(in->execution, "activation_recompute"), "plan.recompute",
                        strcmp(kind, "attn_only") == 0 ? "selective" : kind, error);
}

static fc_status read_sharding(fc_calculon *in, fc_error *error) {
    static const char *const offloads[][2] = {{"weight_offload", "plan.offload_weights"},
                                              {"activations_offload", "plan.offload_activations"},
                                              {"optimizer_offload", "plan.offload_optimizer"}};
    fc_node *exe = in->execution;
    bool on = false;
    FC_TRY(fc_calculon_flag(&on, exe, "optimizer_sharding", error));
    FC_TRY(fc_draft_set(in->draft, fc_calculon_place(exe, "optimizer_sharding"), "plan.zero", on ? "1" : "0", error));
    for (size_t i = 0; i < 3; i++) {
        FC_TRY(fc_calculon_flag(&on, exe, offloads[i][0], error));
        if (on) {
            FC_TRY(fc_draft_set_flag(in->draft, fc_calculon_place(exe, offloads[i][0]), offloads[i][1], true, error));
        }
    }
    FC_TRY(fc_calculon_flag(&on, exe, "data_par_overlap", error));
    const fc_place place = fc_calculon_place(exe, "data_par_overlap");
    if (on) {
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, place,
                        "data_par_overlap hides gradient traffic behind 0.87 of the compute, as megatron-core does");
    }
    return fc_draft_set(in->draft, place, "stack.dp_overlap", on ? "0.87" : "0", error);
}

static fc_status read_kind(fc_calculon *in, fc_error *error) {
    static const char *const types[] = {"float16", "bfloat16", "float32", "float8", NULL};
    static const char *const attentions[] = {"multihead", "multiquery", NULL};
    static const char *const ours[] = {"fp16", "bf16", "fp32", "fp8"};
    fc_node *exe = in->execution;
    const char *type = "float16";
    const char *attention = "multihead";
    bool fused = false;
    bool training = true;
    FC_TRY(fc_calculon_word(&type, exe, "datatype", types, error));
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(type, types[i]) == 0) {
            FC_TRY(fc_draft_set(in->draft, fc_calculon_place(exe, "datatype"), "workload.dtype", ours[i], error));
        }
    }
    FC_TRY(fc_calculon_word(&attention, exe, "attention_type", attentions, error));
    if (strcmp(attention, "multiquery") == 0) {
        FC_TRY(fc_draft_set(in->draft, fc_calculon_place(exe, "attention_type"), "model.kv_heads", "1", error));
    }
    FC_TRY(fc_calculon_flag(&fused, exe, "fused_activation", error));
    if (fc_node_get(exe, "fused_activation") != NULL) {
        FC_TRY(fc_draft_set_flag(in->draft, fc_calculon_place(exe, "fused_activation"), "stack.fused_kernels", fused,
                                 error));
    }
    if (fc_node_get(exe, "training") != NULL) {
        FC_TRY(fc_calculon_flag(&training, exe, "training", error));
    }
    return training ? FC_OK
                    : fc_place_error(error, fc_calculon_place(exe, "training"),
                                     "training is false: flopcast estimates training; allowed is true");
}

static fc_status read_execution(fc_calculon *in, fc_error *error) {
    /* Scores are written to memory and dropout masks kept: Megatron-LM as it was before flash attention. */
    const fc_place place = {in->execution->source, in->execution->line, in->execution->column};
    FC_TRY(fc_draft_set(in->draft, place, "stack.base", "megatron-2022", error));
    FC_TRY(read_sizes(in, error));
    FC_TRY(read_batch(in, error));
    FC_TRY(read_order(in, error));
    FC_TRY(read_tensor_traffic(in, error));
    FC_TRY(read_recompute(in, error));
    FC_TRY(read_sharding(in, error));
    FC_TRY(read_kind(in, error));
    fc_calculon_leftovers(in->draft, in->execution);
    return FC_OK;
}

fc_status fc_import_calculon(fc_calculon *in, fc_error *error) {
    uint64_t seq_len = 0;
    if (in->application == NULL) {
        return fc_error_set(
            error, FC_BAD_INPUT, NULL, 0, 0,
            "no application among the files: give Calculon's JSON of the model too (num_blocks, hidden, …)");
    }
    FC_TRY(read_application(in, &seq_len, error));
    FC_TRY(fc_draft_set_count(in->draft, fc_calculon_place(in->application, "seq_size"), "workload.seq_len", seq_len,
                              error));
    if (in->execution != NULL) {
        FC_TRY(read_execution(in, error));
    }
    return in->system != NULL ? fc_calculon_system(in, error) : FC_OK;
}
