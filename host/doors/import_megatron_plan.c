/* import_megatron_plan.c: how Megatron lays the work over GPUs. */
#include "import_megatron.h"

#include <stdio.h>
#include <string.h>

/* ---- how many GPUs ------------------------------------------------------------------------------------------------ */

/* The first of `names` that the files tell; *out 0 where none does. */
static fc_status first_of(uint64_t *out, fc_given **where, fc_megatron *in, const char *const *names, fc_error *error) {
    *out = 0;
    *where = NULL;
    for (size_t i = 0; names[i] != NULL && *out == 0; i++) {
        const char *text = NULL;
        FC_TRY(fc_megatron_word(&text, where, in, names[i], NULL, error));
        bool number = *where != NULL && text[0] >= '1' && text[0] <= '9' && strchr(text, ':') == NULL;
        if (number) { /* "1:4" and "auto" are choices of the launcher */
            FC_TRY(fc_megatron_count(out, where, in, names[i], 0, 1, 100000000, error));
        }
    }
    return FC_OK;
}

/* What torchrun, Slurm, DeepSpeed and scripts' usual variables say. *world 0: nothing tells it. */
static fc_status read_world(uint64_t *world, fc_place *place, fc_megatron *in, fc_error *error) {
    static const char *const totals[] = {"world-size", "$WORLD-SIZE", NULL};
    static const char *const nodes[] = {"nnodes", "num-nodes", "nodes", "$NNODES", "$NUM-NODES", NULL};
    static const char *const each[] = {
        "nproc-per-node", "num-gpus", "gpus-per-node", "ntasks-per-node", "$GPUS-PER-NODE", "$NPROC-PER-NODE", NULL};
    fc_given *where = NULL;
    uint64_t nodes_count = 0;
    uint64_t each_count = 0;
    FC_TRY(first_of(world, &where, in, totals, error));
    *place = fc_megatron_place(where);
    FC_TRY(first_of(&nodes_count, &where, in, nodes, error));
    fc_given *each_where = NULL;
    FC_TRY(first_of(&each_count, &each_where, in, each, error));
    if (nodes_count == 0 || each_count == 0) {
        return FC_OK;
    }
    if (*world != 0 && *world != nodes_count * each_count) {
        return fc_place_error(error, fc_megatron_place(where),
                              "%llu nodes of %llu GPUs each are not the world size of %llu in line %d: keep one",
                              (unsigned long long)nodes_count, (unsigned long long)each_count,
                              (unsigned long long)*world, place->line);
    }
    *world = nodes_count * each_count;
    *place = fc_megatron_place(where);
    return FC_OK;
}

static fc_status read_replicas(fc_megatron *in, fc_error *error) {
    uint64_t world = 0;
    uint64_t stated = 0;
    fc_place place;
    fc_given *given = NULL;
    const uint64_t model_gpus = in->tp * in->pp * in->cp;
    FC_TRY(read_world(&world, &place, in, error));
    FC_TRY(fc_megatron_count(&stated, &given, in, "data-parallel-size", 0, 1, 100000000, error));
    if (world == 0 && given != NULL) {
        world = stated * model_gpus;
        place = given->place;
    }
    if (world == 0) {
        in->draft->least_chips = model_gpus * (in->experts > 0 ? in->ep : 1);
        return FC_OK;
    }
    if (world % model_gpus != 0) {
        return fc_place_error(
            error, place, "%llu GPUs are no multiple of tensor x pipeline x context ranks, %llu x %llu x %llu = %llu",
            (unsigned long long)world, (unsigned long long)in->tp, (unsigned long long)in->pp,
            (unsigned long long)in->cp, (unsigned long long)model_gpus);
    }
    in->dp = world / model_gpus;
    if (given != NULL && stated != in->dp) {
        return fc_place_error(error, given->place, "data-parallel-size is %llu; %llu GPUs in groups of %llu make %llu",
                              (unsigned long long)stated, (unsigned long long)world, (unsigned long long)model_gpus,
                              (unsigned long long)in->dp);
    }
    FC_TRY(fc_draft_set_count(in->draft, place, "cluster.chips", world, error));
    return fc_draft_set_count(in->draft, place, "plan.dp", in->dp, error);
}

/* ---- parallel sizes ------------------------------------------------------------------------------------------------ */

static fc_status read_size(uint64_t *out, fc_megatron *in, const char *name, const char *old_name, const char *key,
                           uint64_t most, fc_error *error) {
    fc_given *given = NULL;
    FC_TRY(fc_megatron_count(out, &given, in, name, 1, 1, most, error));
    if (given == NULL && old_name != NULL) {
        FC_TRY(fc_megatron_count(out, &given, in, old_name, 1, 1, most, error));
    }
    return fc_draft_set_count(in->draft, fc_megatron_place(given), key, *out, error);
}

/* Interleaving is given as layers of a chunk, or as chunks of a stage. */
static fc_status read_chunks(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    uint64_t layers = 0;
    in->vpp = 1;
    FC_TRY(fc_megatron_count(&layers, &given, in, "num-layers-per-virtual-pipeline-stage", 0, 1, 4096, error));
    if (given != NULL) {
        if (in->layers % (in->pp * layers) != 0) {
            return fc_place_error(error, given->place,
                                  "--num-layers-per-virtual-pipeline-stage is %llu; %llu layers on %llu stages do not "
                                  "split into chunks of it",
                                  (unsigned long long)layers, (unsigned long long)in->layers,
                                  (unsigned long long)in->pp);
        }
        in->vpp = in->layers / (in->pp * layers);
        FC_TRY(fc_draft_set_count(in->draft, given->place, "plan.vpp", in->vpp, error));
    }
    uint64_t chunks = 0;
    FC_TRY(fc_megatron_count(&chunks, &given, in, "num-virtual-stages-per-pipeline-rank", 0, 1, 4096, error));
    if (given == NULL) { /* of a dump */
        FC_TRY(fc_megatron_count(&chunks, &given, in, "virtual-pipeline-model-parallel-size", 0, 1, 4096, error));
    }
    in->vpp = given != NULL ? chunks : in->vpp;
    return fc_draft_set_count(in->draft, fc_megatron_place(given), "plan.vpp", in->vpp, error);
}

static fc_status read_experts_layout(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    uint64_t etp = 0;
    FC_TRY(read_size(&in->ep, in, "expert-model-parallel-size", NULL, "plan.ep", 1000000, error));
    FC_TRY(fc_megatron_count(&etp, &given, in, "expert-tensor-parallel-size", in->tp, 1, 65536, error));
    if (in->experts == 0) {
        return FC_OK;
    }
    return fc_draft_set_count(in->draft, fc_megatron_place(given), "plan.etp", etp, error);
}

static fc_status read_order(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    bool on = false;
    FC_TRY(fc_megatron_switch(&on, &given, in, "use-tp-pp-dp-mapping", error));
    if (on) {
        FC_TRY(fc_draft_set(in->draft, given->place, "plan.rank_order", "tp-cp-ep-pp-dp", error));
    }
    FC_TRY(fc_megatron_switch(&on, &given, in, "sequence-parallel", error));
    /* With one tensor rank there is nothing to split: Megatron turns it off. */
    return fc_draft_set(in->draft, fc_megatron_place(given), "plan.sequence_parallel", on && in->tp > 1 ? "1" : "0",
                        error);
}

/* ---- batch, recomputation ------------------------------------------------------------------------------------------- */

static fc_status read_batch(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    uint64_t micro = 0;
    FC_TRY(fc_megatron_count(&micro, &given, in, "micro-batch-size", 0, 1, 1000000, error));
    if (given == NULL) {
        FC_TRY(fc_megatron_count(&micro, &given, in, "batch-size", 0, 1, 1000000, error));
    }
    if (micro > 0) {
        FC_TRY(fc_draft_set_count(in->draft, given->place, "plan.micro_batch", micro, error));
    }
    FC_TRY(fc_megatron_count(&in->global_batch, &given, in, "global-batch-size", micro * in->dp, 1, 1000000000, error));
    if (in->global_batch == 0) {
        return FC_OK;
    }
    if (given == NULL) {
        fc_draft_remark(in->draft, FC_REMARK_ASSUMED, fc_megatron_place(given),
                        "no --global-batch-size: one micro-batch a replica, as Megatron has it");
    }
    if (micro > 0 && in->dp > 0 && in->global_batch % (micro * in->dp) != 0) {
        return fc_place_error(error, fc_megatron_place(given),
                              "--global-batch-size is %llu, no multiple of --micro-batch-size %llu x %llu replicas",
                              (unsigned long long)in->global_batch, (unsigned long long)micro,
                              (unsigned long long)in->dp);
    }
    FC_TRY(fc_draft_set_count(in->draft, fc_megatron_place(given), "workload.global_batch", in->global_batch, error));
    return fc_draft_set_count(in->draft, fc_megatron_place(given), "plan.global_batch", in->global_batch, error);
}

/* Selective recomputation redoes modules; a plan knows the attention core alone. */
static fc_status read_modules(const char **out, fc_megatron *in, fc_error *error) {
    const char *modules = NULL;
    fc_given *given = NULL;
    FC_TRY(fc_megatron_word(&modules, &given, in, "recompute-modules", "core_attn", error));
    const bool core = strstr(modules, "core_attn") != NULL;
    if (strcmp(modules, "core_attn") != 0) {
        fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, fc_megatron_place(given),
                        "--recompute-modules %.80s: a plan recomputes the attention core or the whole layer; %s",
                        modules, core ? "the core is taken" : "nothing is recomputed here");
    }
    *out = core ? "selective" : "none";
    return FC_OK;
}

/* `block`: so many layers of each chunk, the others keep all; `uniform` redoes all, N layers at a time. */
static fc_status read_recompute_layers(fc_megatron *in, fc_error *error) {
    const char *method = NULL;
    fc_given *given = NULL;
    fc_given *count_given = NULL;
    uint64_t count = 0;
    FC_TRY(fc_megatron_word(&method, &given, in, "recompute-method", "", error));
    FC_TRY(fc_megatron_count(&count, &count_given, in, "recompute-num-layers", 0, 1, 4096, error));
    if (count_given == NULL) {
        return FC_OK;
    }
    if (strcmp(method, "block") == 0) {
        return fc_draft_set_count(in->draft, count_given->place, "plan.recompute_layers", count * in->vpp, error);
    }
    if (count > 1) {
        fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, count_given->place,
                        "--recompute-num-layers %llu: layers are taken to be redone one at a time",
                        (unsigned long long)count);
    }
    return FC_OK;
}

static fc_status read_recompute(fc_megatron *in, fc_error *error) {
    static const char *const switches[] = {"recompute-activations", "checkpoint-activations"};
    const char *granularity = NULL;
    fc_given *given = NULL;
    FC_TRY(fc_megatron_word(&granularity, &given, in, "recompute-granularity", "", error));
    for (size_t i = 0; i < 2 && given == NULL; i++) {
        bool on = false;
        FC_TRY(fc_megatron_switch(&on, &given, in, switches[i], error));
        granularity = on ? (i == 0 ? "selective" : "full") : granularity;
        given = on ? given : NULL;
    }
    const char *kind = "none";
    if (strcmp(granularity, "selective") == 0) {
        FC_TRY(read_modules(&kind, in, error));
    } else if (strcmp(granularity, "full") == 0) {
        kind = "full";
    } else if (granularity[0] != '\0') {
        return fc_megatron_refuse(given, "full or selective", error);
    }
    FC_TRY(fc_draft_set(in->draft, fc_megatron_place(given), "plan.recompute", kind, error));
    return strcmp(kind, "full") == 0 ? read_recompute_layers(in, error) : FC_OK;
}

/* ---- sharding and offload -------------------------------------------------------------------------------------------- */

static fc_status read_strategy(const char **stage, fc_given **given, fc_megatron *in, fc_error *error) {
    static const char *const names[] = {"no_shard", "optim", "optim_grads", "optim_grads_params"};
    static const char *const stages[] = {"0", "1", "2", "3"};
    const char *strategy = NULL;
    FC_TRY(fc_megatron_word(&strategy, given, in, "data-parallel-sharding-strategy", "no_shard", error));
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(strategy, names[i]) == 0) {
            *stage = stages[i];
            return FC_OK;
        }
    }
    return fc_megatron_refuse(*given, "no_shard, optim, optim_grads or optim_grads_params", error);
}

/* The distributed optimizer is ZeRO 1; Megatron-FSDP has a strategy, PyTorch's FSDP shards all. */
static fc_status read_sharding(fc_megatron *in, fc_error *error) {
    static const char *const own[] = {"use-megatron-fsdp", "use-custom-fsdp"};
    const char *stage = "0";
    fc_given *found = NULL;
    fc_given *given = NULL;
    bool on = false;
    FC_TRY(fc_megatron_switch(&on, &given, in, "use-distributed-optimizer", error));
    if (on) {
        stage = "1";
        found = given;
    }
    for (size_t i = 0; i < 2; i++) {
        FC_TRY(fc_megatron_switch(&on, &given, in, own[i], error));
        if (on) {
            FC_TRY(read_strategy(&stage, &found, in, error));
        }
    }
    FC_TRY(fc_megatron_switch(&on, &given, in, "use-torch-fsdp2", error));
    if (on) {
        stage = "3";
        found = given;
    }
    FC_TRY(fc_draft_set(in->draft, fc_megatron_place(found), "plan.zero", stage, error));
    uint64_t groups = 0;
    FC_TRY(fc_megatron_count(&groups, &given, in, "num-distributed-optimizer-instances", 1, 1, 100000000, error));
    if (groups == 1) {
        return FC_OK;
    }
    if (in->dp == 0 || (in->dp * in->cp) % groups != 0) {
        return fc_place_error(error, given->place,
                              "--num-distributed-optimizer-instances is %llu, which does not divide %llu data and "
                              "context ranks",
                              (unsigned long long)groups, (unsigned long long)(in->dp * in->cp));
    }
    return fc_draft_set_count(in->draft, given->place, "plan.zero_group", in->dp * in->cp / groups, error);
}

static fc_status read_offload(fc_megatron *in, fc_error *error) {
    fc_given *given = NULL;
    uint64_t layers = 0;
    bool on = false;
    double share = 1;
    FC_TRY(fc_megatron_switch(&on, &given, in, "optimizer-cpu-offload", error));
    if (on) {
        FC_TRY(fc_draft_set_flag(in->draft, given->place, "plan.offload_optimizer", true, error));
        FC_TRY(fc_megatron_number(&share, &given, in, "optimizer-offload-fraction", 1, 0, 1, error));
        if (share < 1) {
            fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, given->place,
                            "--optimizer-offload-fraction %g: all of the optimizer is taken to be on the host", share);
        }
    }
    FC_TRY(fc_megatron_count(&layers, &given, in, "cpu-offloading-num-layers", 0, 0, 4096, error));
    if (layers == 0) {
        return FC_OK;
    }
    if (layers + 1 < in->layers / in->pp) {
        fc_draft_remark(in->draft, FC_REMARK_NO_PLACE, given->place,
                        "--cpu-offloading-num-layers %llu: activations of all layers are taken to be on the host",
                        (unsigned long long)layers);
    }
    FC_TRY(fc_draft_set_flag(in->draft, given->place, "plan.offload_activations", true, error));
    FC_TRY(fc_megatron_switch(&on, &given, in, "cpu-offloading-weights", error));
    return on ? fc_draft_set_flag(in->draft, given->place, "plan.offload_weights", true, error) : FC_OK;
}

fc_status fc_megatron_plan(fc_megatron *in, fc_error *error) {
    FC_TRY(read_size(&in->tp, in, "tensor-model-parallel-size", "model-parallel-size", "plan.tp", 65536, error));
    FC_TRY(read_size(&in->pp, in, "pipeline-model-parallel-size", NULL, "plan.pp", 4096, error));
    FC_TRY(read_size(&in->cp, in, "context-parallel-size", NULL, "plan.cp", 65536, error));
    FC_TRY(read_chunks(in, error));
    FC_TRY(read_experts_layout(in, error));
    FC_TRY(read_replicas(in, error));
    FC_TRY(read_order(in, error));
    FC_TRY(read_batch(in, error));
    FC_TRY(read_recompute(in, error));
    FC_TRY(read_sharding(in, error));
    return read_offload(in, error);
}
