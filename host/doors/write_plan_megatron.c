/* write_plan_megatron.c: a plan as a script with Megatron-core's arguments. */
#include "write_plan_parts.h"

#include <inttypes.h>
#include <string.h>

static void write_chunks(fc_plan_script *script) {
    const fc_plan *plan = script->plan;
    const uint32_t layers = script->study->model.layers_count;
    if (plan->vpp > 1 && layers % (plan->pp * plan->vpp) == 0) {
        fc_plan_line(script, "--num-layers-per-virtual-pipeline-stage %u", layers / (plan->pp * plan->vpp));
    } else if (plan->vpp > 1) {
        fc_plan_line(script, "--num-virtual-stages-per-pipeline-rank %u", plan->vpp);
    }
    if (layers % plan->pp != 0) {
        fc_plan_note(script,
                     "%u layers on %u stages, some with one layer more: Megatron wants "
                     "--decoder-first-pipeline-num-layers or --decoder-last-pipeline-num-layers",
                     layers, plan->pp);
    }
    const fc_plan_schedule schedule = fc_plan_schedule_of(script->study, plan);
    const fc_plan_schedule usual = plan->vpp > 1 ? FC_PLAN_SCHEDULE_INTERLEAVED : FC_PLAN_SCHEDULE_1F1B;
    if (plan->pp > 1 && schedule != usual) {
        fc_plan_note(script, "schedule %s: Megatron-core runs %s here", fc_plan_schedule_name(schedule),
                     fc_plan_schedule_name(usual));
    }
}

static void write_parallel(fc_plan_script *script) {
    const fc_plan *plan = script->plan;
    fc_plan_line(script, "--tensor-model-parallel-size %u%s", plan->tp,
                 plan->sequence_parallel == 1 && plan->tp > 1 ? " --sequence-parallel" : "");
    fc_plan_line(script, "--pipeline-model-parallel-size %u", plan->pp);
    write_chunks(script);
    if (plan->cp > 1) {
        fc_plan_line(script, "--context-parallel-size %u", plan->cp);
    }
    if (script->study->model.experts > 0) {
        const uint32_t etp = plan->etp > 0 ? plan->etp : plan->ep > 1 ? 1 : plan->tp;
        fc_plan_line(script, "--expert-model-parallel-size %u --expert-tensor-parallel-size %u", plan->ep, etp);
    }
    if (plan->rank_order == FC_RANK_ORDER_TP_CP_EP_PP_DP) {
        fc_plan_line(script, "--use-tp-pp-dp-mapping");
    }
    fc_plan_line(script, "--micro-batch-size %u --global-batch-size %u", plan->micro_batch, plan->global_batch);
}

/* ZeRO 1 is the distributed optimizer; 2 and 3 are Megatron-FSDP's strategies. */
static void write_sharding(fc_plan_script *script) {
    static const char *const strategies[] = {"no_shard", "optim", "optim_grads", "optim_grads_params"};
    const fc_plan *plan = script->plan;
    const uint64_t all = (uint64_t)plan->dp * plan->cp;
    if (plan->zero == 1) {
        fc_plan_line(script, "--use-distributed-optimizer");
    } else if (plan->zero > 1) {
        fc_plan_line(script, "--use-distributed-optimizer --use-megatron-fsdp --data-parallel-sharding-strategy %s",
                     strategies[plan->zero]);
    }
    if (plan->zero > 0 && plan->zero_group > 0 && plan->zero_group < all) {
        fc_plan_line(script, "--num-distributed-optimizer-instances %" PRIu64, all / plan->zero_group);
    }
    if (script->study->stack.dp_overlap_frac > 0 && all > 1) {
        fc_plan_line(script, "--overlap-grad-reduce%s", plan->zero > 0 ? " --overlap-param-gather" : "");
    }
    const bool rings = plan->tp > 1 && plan->sequence_parallel == 1 && script->study->stack.tp_overlap_frac > 0;
    if (rings) {
        fc_plan_line(script, "--tp-comm-overlap");
    }
}

/* A plan's layers are of a stage, Megatron's of a chunk. */
static void write_recompute(fc_plan_script *script) {
    const fc_plan *plan = script->plan;
    if (plan->recompute == FC_RECOMPUTE_SELECTIVE) {
        fc_plan_line(script, "--recompute-granularity selective");
        if (plan->recompute_layers > 0) {
            fc_plan_note(script, "recompute_layers %u with selective recomputation: Megatron redoes all layers",
                         plan->recompute_layers);
        }
    }
    if (plan->recompute != FC_RECOMPUTE_FULL) {
        return;
    }
    if (plan->recompute_layers == 0) {
        fc_plan_line(script, "--recompute-granularity full --recompute-method uniform --recompute-num-layers 1");
        return;
    }
    const uint32_t each = (plan->recompute_layers + plan->vpp - 1) / plan->vpp;
    fc_plan_line(script, "--recompute-granularity full --recompute-method block --recompute-num-layers %u", each);
    if (each * plan->vpp != plan->recompute_layers) {
        fc_plan_note(script, "recompute_layers %u of a stage: %u of each of its %u chunks are redone, %u in all",
                     plan->recompute_layers, each, plan->vpp, each * plan->vpp);
    }
}

static void write_offload(fc_plan_script *script) {
    const fc_plan *plan = script->plan;
    if (plan->offload_optimizer) {
        fc_plan_line(script, "--optimizer-cpu-offload --optimizer-offload-fraction 1.0");
    }
    if (plan->offload_activations) {
        const uint32_t layers = script->study->model.layers_count / plan->pp;
        fc_plan_line(script, "--cpu-offloading-num-layers %u%s", layers > 1 ? layers - 1 : 1,
                     plan->offload_weights ? " --cpu-offloading-weights" : "");
    } else if (plan->offload_weights) {
        fc_plan_note(script, "offload_weights without offload_activations");
    }
}

static void write_dtype(fc_plan_script *script) {
    const fc_workload *work = &script->study->workload;
    switch (work->dtype) {
    case FC_DTYPE_BF16:
        fc_plan_line(script, "--bf16");
        break;
    case FC_DTYPE_FP16:
        fc_plan_line(script, "--fp16");
        break;
    case FC_DTYPE_FP8:
        fc_plan_line(script, "--bf16 --fp8-format hybrid");
        break;
    case FC_DTYPE_MXFP8:
        fc_plan_line(script, "--bf16 --fp8-format e4m3 --fp8-recipe mxfp8");
        break;
    case FC_DTYPE_NVFP4:
        fc_plan_line(script, "--bf16 --fp4-format e2m1");
        break;
    default:
        if (work->dtype != FC_DTYPE_FP32) {
            fc_plan_note(script, "dtype %s; Megatron trains in fp32 where no argument says otherwise",
                         fc_dtype_name((fc_dtype)work->dtype));
        }
        return;
    }
    if (work->grad_bytes == 4) {
        fc_plan_line(script, "--accumulate-allreduce-grads-in-fp32");
    } else if (work->grad_bytes == 2 && work->dtype != FC_DTYPE_FP16) {
        fc_plan_line(script, "--grad-reduce-in-bf16");
    } else if (work->grad_bytes != 2) {
        fc_plan_note(script, "grad_bytes %g", work->grad_bytes);
    }
}

/* States in fewer bits: the precision-aware optimizer. */
static void write_optimizer(fc_plan_script *script) {
    const fc_workload *work = &script->study->workload;
    const bool wide = work->dtype == FC_DTYPE_FP32 || work->dtype == FC_DTYPE_TF32 || work->dtype == FC_DTYPE_FP64;
    const char *const moments = work->optimizer_bytes == 4 ? "bf16" : work->optimizer_bytes == 2 ? "fp8" : NULL;
    const bool adam = work->optimizer != FC_OPTIMIZER_MUON && work->optimizer != FC_OPTIMIZER_ADAFACTOR;
    fc_plan_line(script, "--optimizer %s", work->optimizer == FC_OPTIMIZER_MUON ? "muon" : "adam");
    if (work->optimizer == FC_OPTIMIZER_ADAFACTOR) {
        fc_plan_note(script, "optimizer adafactor; adam stands for it");
    }
    const bool narrow = (adam && moments != NULL) || work->master_bytes == 2;
    if (narrow) {
        fc_plan_line(script, "--use-precision-aware-optimizer%s%s%s%s%s",
                     adam && moments != NULL ? " --exp-avg-dtype " : "", adam && moments != NULL ? moments : "",
                     adam && moments != NULL ? " --exp-avg-sq-dtype " : "", adam && moments != NULL ? moments : "",
                     work->master_bytes == 2 ? " --main-params-dtype fp16" : "");
    }
    if (work->optimizer == FC_OPTIMIZER_ADAM_8BIT) {
        fc_plan_note(script, "the fp32 scale of every 2048 8-bit states");
    }
    if (adam && moments == NULL && work->optimizer_bytes != 8) {
        fc_plan_note(script, "optimizer_bytes %g", work->optimizer_bytes);
    }
    if (!wide && work->master_bytes != 4 && work->master_bytes != 2) {
        fc_plan_note(script, "master_bytes %g", work->master_bytes);
    }
}

static void write_habits(fc_plan_script *script) {
    const fc_stack *stack = &script->study->stack;
    fc_plan_line(script, "--attention-dropout %s --hidden-dropout %s", stack->dropout ? "0.1" : "0.0",
                 stack->dropout ? "0.1" : "0.0");
    fc_plan_line(script, "--attention-backend %s", stack->flash_attention ? "flash" : "unfused");
    if (stack->fused_loss) {
        fc_plan_line(script, "--cross-entropy-loss-fusion");
    }
    if (stack->cuda_graphs) {
        fc_plan_line(script, "--enable-cuda-graph");
    }
    if (!stack->fused_kernels) {
        fc_plan_line(script, "--no-masked-softmax-fusion --no-bias-gelu-fusion --no-bias-swiglu-fusion "
                             "--no-bias-dropout-fusion");
    }
    const double samples = fc_plan_samples(script->study);
    const double tokens = samples * (double)fc_plan_seq_len(script->study);
    fc_plan_line(script, "--train-samples %.0f", samples);
    if (tokens != script->study->workload.tokens_count) {
        fc_plan_note(script, "%.0f tokens: whole sequences make %.0f", script->study->workload.tokens_count, tokens);
    }
}

static void add_head(fc_text *out, const fc_plan_script *script) {
    const fc_study *study = script->study;
    const uint64_t node = fc_plan_node(study, script->plan);
    char name[FC_NAME_SIZE];
    fc_text_excerpt(name, sizeof name, study->model.name);
    fc_text_addf(out, "#!/bin/bash\n# Megatron-core arguments of a plan for %s, by flopcast " FC_VERSION "\n", name);
    fc_text_add(out, "# Data, tokenizer, learning rate and checkpoints are to be added.\n");
    fc_text_addf(out, "%s", script->notes.size > 0 ? script->notes.bytes : "");
    fc_text_slug(name, sizeof name, study->cluster.chip.name); /* nothing that a shell would read */
    fc_text_addf(out, "FLOPCAST_CHIP='%s' # for `flopcast import`\n", name);
    fc_text_slug(name, sizeof name, study->stack.name);
    fc_text_addf(out, "FLOPCAST_STACK='%s'\n", name);
    fc_text_addf(out, "NNODES=%" PRIu64 "\nGPUS_PER_NODE=%" PRIu64 "\n", fc_plan_ranks(script->plan) / node, node);
}

void fc_write_plan_megatron(fc_text *out, const fc_study *study, const fc_plan *plan) {
    fc_plan_script script = fc_plan_script_start(out->arena, study, plan);
    fc_plan_megatron_model(&script);
    write_parallel(&script);
    write_sharding(&script);
    write_recompute(&script);
    write_offload(&script);
    write_dtype(&script);
    write_optimizer(&script);
    write_habits(&script);
    fc_plan_common_notes(&script);
    add_head(out, &script);
    fc_text_addf(out, "MEGATRON_ARGS=(\n%s)\n", script.lines.bytes);
    fc_text_add(out,
                "torchrun --nnodes $NNODES --nproc-per-node $GPUS_PER_NODE pretrain_gpt.py \"${MEGATRON_ARGS[@]}\"\n");
    out->failed = out->failed || script.lines.failed || script.notes.failed;
}
