/* write_plan_torchtitan.c: a plan as tables of a torchtitan TOML file (job_config.py of pytorch/torchtitan). */
#include "write_plan_parts.h"

#include <inttypes.h>
#include <string.h>

/* Models that torchtitan ships, under its names. */
static const struct {
    const char *model;
    const char *name;
    const char *flavor;
} FLAVORS[] = {{"llama3-8b", "llama3", "8B"},
               {"llama3-70b", "llama3", "70B"},
               {"llama3-405b", "llama3", "405B"},
               {"deepseek-v2-lite", "deepseek_v3", "16B"},
               {"deepseek-v3", "deepseek_v3", "671B"},
               {"qwen3-30b-a3b", "qwen3", "30B-A3B"},
               {"qwen3-235b-a22b", "qwen3", "235B-A22B"},
               {"qwen3-32b", "qwen3", "32B"},
               {"qwen3-8b", "qwen3", "8B"},
               {"llama4-scout", "llama4", "17bx16e"},
               {"llama4-maverick", "llama4", "17bx128e"}};

static void write_model(fc_plan_script *script) {
    const fc_model *model = &script->study->model;
    const uint32_t dtype = script->study->workload.dtype;
    const char *converters = dtype == FC_DTYPE_FP8     ? "\"quantize.linear.float8\""
                             : dtype == FC_DTYPE_MXFP8 ? "\"quantize.linear.mx\""
                                                       : "";
    fc_text_add(&script->lines, "\n[model]\n");
    bool known = false;
    for (size_t i = 0; i < sizeof FLAVORS / sizeof FLAVORS[0]; i++) {
        if (strcmp(model->name, FLAVORS[i].model) == 0) {
            fc_text_addf(&script->lines, "name = \"%s\"\nflavor = \"%s\"\n", FLAVORS[i].name, FLAVORS[i].flavor);
            known = true;
        }
    }
    if (!known) {
        fc_plan_note(
            script,
            "model %s, which torchtitan does not ship: a flavor is Python code there (%u layers, hidden %u, %u "
            "heads, %u key/value heads, vocabulary %" PRIu64 ")",
            model->name, model->layers_count, model->hidden, model->heads, model->kv_heads, model->vocab);
    }
    fc_text_addf(&script->lines, "converters = [%s]\n", converters);
    const bool wide = dtype == FC_DTYPE_FP64 || dtype == FC_DTYPE_INT8 || dtype == FC_DTYPE_NVFP4 ||
                      dtype == FC_DTYPE_TF32 || dtype == FC_DTYPE_FP16;
    if (wide) {
        fc_plan_note(script, "dtype %s; torchtitan trains in bfloat16, float32, float8 and mxfp8",
                     fc_dtype_name((fc_dtype)dtype));
    }
}

/* With stages, a replica's whole share goes through the pipeline; without, torchtitan accumulates up to the global batch. */
static void write_training(fc_plan_script *script) {
    const fc_study *study = script->study;
    const fc_plan *plan = script->plan;
    const uint64_t seq_len = fc_plan_seq_len(study);
    const double step_tokens = (double)plan->global_batch * (double)seq_len;
    const double steps = study->workload.tokens_count / step_tokens;
    const double whole = (double)(uint64_t)steps;
    fc_text_addf(&script->lines, "\n[training]\nseq_len = %" PRIu64 "\n", seq_len);
    fc_text_addf(&script->lines, "local_batch_size = %u\nglobal_batch_size = %u\n",
                 plan->pp > 1 ? plan->global_batch / plan->dp : plan->micro_batch, plan->global_batch);
    fc_text_addf(&script->lines, "steps = %.0f\n", whole < steps ? whole + 1 : whole);
    if (whole < steps) {
        fc_plan_note(script, "%.0f tokens: whole steps make %.0f", study->workload.tokens_count,
                     (whole + 1) * step_tokens);
    }
    const bool fp32 = study->workload.dtype == FC_DTYPE_FP32;
    fc_text_addf(&script->lines, "mixed_precision_param = \"%s\"\nmixed_precision_reduce = \"%s\"\n",
                 fp32 ? "float32" : "bfloat16", study->workload.grad_bytes == 2 ? "bfloat16" : "float32");
    const bool host = plan->offload_optimizer && plan->offload_weights;
    fc_text_addf(&script->lines, "enable_cpu_offload = %s\n", host ? "true" : "false");
    if (!host && (plan->offload_optimizer || plan->offload_weights)) {
        fc_plan_note(script, "offload of %s alone", plan->offload_optimizer ? "the optimizer" : "weights");
    }
    if (plan->offload_activations) {
        fc_plan_note(script, "offload of activations");
    }
}

/* FSDP keeps (ZeRO 2) or frees (3) gathered weights after forward; replicas without sharding are DDP. */
static void write_replicas(fc_plan_script *script) {
    const fc_plan *plan = script->plan;
    const uint64_t all = (uint64_t)plan->dp * plan->cp;
    uint64_t shard = plan->zero > 0 ? plan->dp : 1;
    if (plan->zero > 0 && plan->zero_group > 0 && plan->zero_group < all) {
        if (plan->zero_group % plan->cp == 0) {
            shard = plan->zero_group / plan->cp;
        } else {
            fc_plan_note(script, "zero_group %u, which splits a context group", plan->zero_group);
        }
    }
    fc_text_addf(&script->lines,
                 "data_parallel_replicate_degree = %" PRIu64 "\ndata_parallel_shard_degree = %" PRIu64 "\n",
                 plan->dp / shard, shard);
    fc_text_addf(&script->lines, "fsdp_reshard_after_forward = \"%s\"\n", plan->zero == 3 ? "always" : "never");
    if (plan->zero == 1) {
        fc_plan_note(script, "ZeRO 1: FSDP shards gradients too, as ZeRO 2 does");
    }
}

static void write_pipeline(fc_plan_script *script) {
    static const char *const names[FC_PLAN_SCHEDULE_COUNT] = {"1F1B",          "GPipe",    "1F1B", "Interleaved1F1B",
                                                              "ZBVZeroBubble", "DualPipeV"};
    const fc_plan *plan = script->plan;
    const uint32_t layers = script->study->model.layers_count;
    const fc_plan_schedule schedule = fc_plan_schedule_of(script->study, plan);
    fc_text_addf(&script->lines, "pipeline_parallel_degree = %u\n", plan->pp);
    if (plan->pp == 1) {
        return;
    }
    fc_text_addf(&script->lines, "pipeline_parallel_schedule = \"%s\"\npipeline_parallel_microbatch_size = %u\n",
                 names[schedule], plan->micro_batch);
    if (schedule == FC_PLAN_SCHEDULE_ZERO_BUBBLE || schedule == FC_PLAN_SCHEDULE_DUALPIPE) {
        fc_plan_note(script, "schedule %s: torchtitan's is the form in V, with two chunks a stage",
                     fc_plan_schedule_name(schedule));
    }
    if (layers % (plan->pp * plan->vpp) == 0) {
        fc_text_addf(&script->lines, "pipeline_parallel_layers_per_stage = %u\n", layers / (plan->pp * plan->vpp));
    } else {
        fc_plan_note(script, "%u layers, which %u stages x %u do not share evenly", layers, plan->pp, plan->vpp);
    }
}

static void write_parallelism(fc_plan_script *script) {
    const fc_plan *plan = script->plan;
    fc_text_add(&script->lines, "\n[parallelism]\n");
    write_replicas(script);
    fc_text_addf(&script->lines, "tensor_parallel_degree = %u\n", plan->tp);
    const bool async = plan->tp > 1 && script->study->stack.tp_overlap_frac > 0;
    fc_text_addf(&script->lines, "enable_async_tensor_parallel = %s\n", async ? "true" : "false");
    if (plan->tp > 1 && plan->sequence_parallel == 0) {
        fc_plan_note(script, "sequence_parallel 0: tensor ranks of torchtitan always split the sequence too");
    }
    write_pipeline(script);
    fc_text_addf(&script->lines, "context_parallel_degree = %u\n", plan->cp);
    if (script->study->model.experts > 0) {
        const uint32_t etp = plan->etp > 0 ? plan->etp : plan->ep > 1 ? 1 : plan->tp;
        fc_text_addf(&script->lines, "expert_parallel_degree = %u\nexpert_tensor_parallel_degree = %u\n", plan->ep,
                     etp);
    }
    if (plan->rank_order == FC_RANK_ORDER_TP_CP_EP_PP_DP) {
        fc_plan_note(script, "rank_order tp-cp-ep-pp-dp: torchtitan's mesh has stages outermost, replicas inside them");
    }
}

static void write_rest(fc_plan_script *script) {
    static const char *const modes[FC_RECOMPUTE_COUNT] = {"none", "none", "selective", "full"};
    const fc_plan *plan = script->plan;
    const fc_stack *stack = &script->study->stack;
    fc_text_addf(&script->lines, "\n[activation_checkpoint]\nmode = \"%s\"\n", modes[plan->recompute]);
    if (plan->recompute == FC_RECOMPUTE_SELECTIVE) {
        fc_text_add(&script->lines, "selective_ac_option = \"op\"\n");
        fc_plan_note(script,
                     "selective recomputation of the attention core: torchtitan's `op` redoes all but costly ones");
    }
    if (plan->recompute_layers > 0) {
        fc_plan_note(script, "recompute_layers %u: torchtitan's mode is one for all layers", plan->recompute_layers);
    }
    fc_text_addf(&script->lines, "\n[compile]\nenable = %s\ncomponents = [\"model\"%s]\n",
                 stack->fused_kernels ? "true" : "false", stack->fused_loss ? ", \"loss\"" : "");
    if (stack->dropout) {
        fc_plan_note(script, "dropout");
    }
    if (script->study->workload.optimizer != FC_OPTIMIZER_ADAM) {
        fc_plan_note(script, "an optimizer other than Adam in fp32");
    }
    if (script->study->workload.master_bytes != 4 && script->study->workload.dtype != FC_DTYPE_FP32) {
        fc_plan_note(script, "master_bytes %g: FSDP shards fp32 weights", script->study->workload.master_bytes);
    }
}

void fc_write_plan_torchtitan(fc_text *out, const fc_study *study, const fc_plan *plan) {
    fc_plan_script script = fc_plan_script_start(out->arena, study, plan);
    write_model(&script);
    write_training(&script);
    write_parallelism(&script);
    write_rest(&script);
    fc_plan_common_notes(&script);
    char name[FC_NAME_SIZE];
    fc_text_excerpt(name, sizeof name, study->model.name);
    fc_text_addf(out, "# torchtitan settings of a plan for %s, by flopcast " FC_VERSION "\n", name);
    fc_text_excerpt(name, sizeof name, study->cluster.chip.name);
    fc_text_addf(out, "# %" PRIu64 " ranks on %s\n", fc_plan_ranks(plan), name);
    fc_text_addf(out, "%s%s", script.notes.size > 0 ? script.notes.bytes : "", script.lines.bytes);
    out->failed = out->failed || script.lines.failed || script.notes.failed;
}
