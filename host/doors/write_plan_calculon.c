/* write_plan_calculon.c: a plan as Calculon's application and execution. */
#include "write_plan_parts.h"

#include "json_out.h"

#include <stdio.h>
#include <string.h>

/* From this share on, overlap counts as Calculon's. */
static const double HIDES_FRAC = 0.5;

static void note(fc_text *notes, const char *text) { fc_text_addf(notes, "not expressed: %s\n", text); }

static fc_status refuse(const char *what, const char *remedy, fc_error *error) {
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "Calculon has no %s, so that this plan would be another one there%s", what, remedy);
}

static fc_status check(const fc_study *study, const fc_plan *plan, fc_error *error) {
    const fc_model *model = &study->model;
    const fc_layer_mix mix = fc_model_layer_mix(model);
    if (model->experts > 0 || plan->ep > 1) {
        return refuse("experts", "", error);
    }
    if (model->attention == FC_ATTENTION_MLA) {
        return refuse("latent attention", "", error);
    }
    if (model->encoder_layers > 0) {
        return refuse("encoder", "", error);
    }
    if (mix.mixer_count[FC_MIXER_GLOBAL] + mix.mixer_count[FC_MIXER_WINDOW] + mix.mixer_count[FC_MIXER_CHUNK] !=
            model->layers_count ||
        mix.block_count[FC_BLOCK_DENSE] != model->layers_count) {
        return refuse("layers without attention or without a feed-forward block", "", error);
    }
    return plan->cp > 1 ? refuse("context ranks", ": --set plan.cp=1 looks for one without", error) : FC_OK;
}

/* The innermost network that holds `ranks` neighbours, as Calculon asks for them: it is full of whole groups. */
static int network_of(const fc_cluster *cluster, double ranks) {
    int tier = 0;
    const int last = (int)cluster->tiers_count - 1;
    while (tier < last) {
        const double size = cluster->tiers[tier].chips_count;
        const double groups = ranks > 0 ? size / ranks : 0;
        if (ranks <= size && groups == (double)(uint64_t)groups) {
            break;
        }
        tier++;
    }
    return tier;
}

/* ---- application ---------------------------------------------------------------------------------------------------- */

static void note_model(fc_text *notes, const fc_study *study, double feedforward) {
    const fc_model *model = &study->model;
    char text[200];
    if (model->ffn_type == FC_FFN_GATED) {
        (void)snprintf(
            text, sizeof text,
            "three matrices of the feed-forward block: feedforward %.0f is 1.5 x %llu, for as many multiplications",
            feedforward, (unsigned long long)model->ffn_hidden);
        note(notes, text);
    }
    if (model->kv_heads > 1 && model->kv_heads < model->heads) {
        (void)snprintf(text, sizeof text, "%u key/value heads of %u: Calculon has all or one", model->kv_heads,
                       model->heads);
        note(notes, text);
    }
    if (strspn(model->attention_pattern, "G") != strlen(model->attention_pattern)) {
        note(notes, "windows of attention");
    }
    (void)snprintf(text, sizeof text, "the vocabulary of %llu, embedding and logits: Calculon's times leave them out",
                   (unsigned long long)model->vocab);
    note(notes, text);
    const bool gpt = model->norm == FC_NORM_LAYER && model->position == FC_POSITION_LEARNED && model->qkv_bias &&
                     model->ffn_bias && model->attention_out_bias;
    if (!gpt || model->parallel_block) {
        note(notes, "norms, positions and biases other than GPT-3's");
    }
}

static void write_application(fc_json_out *out, fc_text *notes, const char *key, const fc_study *study) {
    const fc_model *model = &study->model;
    const double width = (double)model->ffn_hidden;
    const double feedforward = model->ffn_type == FC_FFN_GATED ? (double)(uint64_t)(1.5 * width) : width;
    fc_json_out_object(out, key);
    fc_json_out_count(out, "hidden", model->hidden);
    fc_json_out_count(out, "feedforward", feedforward);
    fc_json_out_count(out, "seq_size", (double)fc_plan_seq_len(study));
    fc_json_out_count(out, "attn_heads", model->heads);
    fc_json_out_count(out, "attn_size", model->head_dim);
    fc_json_out_count(out, "num_blocks", model->layers_count);
    fc_json_out_end_object(out);
    note_model(notes, study, feedforward);
}

/* ---- execution ------------------------------------------------------------------------------------------------------- */

static const char *datatype(fc_text *notes, uint32_t dtype) {
    switch (dtype) {
    case FC_DTYPE_FP16:
        return "float16";
    case FC_DTYPE_FP32:
        return "float32";
    case FC_DTYPE_FP8:
        return "float8";
    case FC_DTYPE_BF16:
        note(notes, "bf16 in the systems that ship with Calculon: they have rates for float16 only");
        return "bfloat16";
    default:
        note(notes, "this number format; float16 stands for it");
        return "float16";
    }
}

static void note_execution(fc_text *notes, const fc_study *study, const fc_plan *plan) {
    const fc_plan_schedule schedule = fc_plan_schedule_of(study, plan);
    const bool usual = schedule == FC_PLAN_SCHEDULE_1F1B || schedule == FC_PLAN_SCHEDULE_INTERLEAVED || plan->pp == 1;
    const struct {
        bool there;
        const char *what;
    } rows[] = {
        {plan->zero > 1, "sharding of gradients and weights (ZeRO 2, 3): optimizer_sharding is ZeRO 1"},
        {plan->zero > 0 && plan->dp == 1, "a sharded optimizer with one replica"},
        {plan->zero_group > 0, "a sharding group (zero_group)"},
        {plan->recompute_layers > 0, "recomputation of some layers only (recompute_layers)"},
        {!usual, "this order of a pipeline's work; Calculon's is 1F1B, interleaved where there are chunks"},
        {study->stack.flash_attention, "flash attention: Calculon writes scores to memory and keeps them"},
        {!study->stack.dropout, "training without dropout"},
        {study->stack.tp_overlap_frac > 0 && plan->tp > 1,
         "how much tensor traffic hides; none or `ring` stands for it"},
        {study->stack.dp_overlap_frac > 0 && plan->dp > 1,
         "how much gradient traffic hides; all or none stands for it"},
        {plan->rank_order == FC_RANK_ORDER_TP_EP_CP_DP_PP, "rank_order tp-ep-cp-dp-pp"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].there) {
            note(notes, rows[i].what);
        }
    }
}

static void write_networks(fc_json_out *out, const fc_study *study, const fc_plan *plan) {
    const double tp = plan->tp;
    const bool stages_first = plan->rank_order == FC_RANK_ORDER_TP_CP_EP_PP_DP;
    const double inner = tp * (stages_first ? plan->pp : plan->dp);
    const double outer = tp * plan->pp * plan->dp;
    fc_json_out_count(out, "tensor_par_net", network_of(&study->cluster, tp));
    fc_json_out_count(out, "pipeline_par_net", network_of(&study->cluster, stages_first ? inner : outer));
    fc_json_out_count(out, "data_par_net", network_of(&study->cluster, stages_first ? outer : inner));
}

static void write_traffic(fc_json_out *out, const fc_study *study, const fc_plan *plan) {
    const bool sequence = plan->sequence_parallel == 1 && plan->tp > 1;
    const bool rings = plan->tp > 1 && study->stack.tp_overlap_frac >= HIDES_FRAC;
    fc_json_out_text(out, "tensor_par_comm_type", sequence ? "rs_ag" : study->stack.pp_send_whole ? "ar" : "p2p_rs_ag");
    fc_json_out_text(out, "tensor_par_overlap", rings ? "ring" : "none");
    fc_json_out_bool(out, "seq_par_ag_redo", sequence && plan->recompute != FC_RECOMPUTE_FULL);
    fc_json_out_bool(out, "data_par_overlap", plan->dp > 1 && study->stack.dp_overlap_frac >= HIDES_FRAC);
}

static void write_execution(fc_json_out *out, fc_text *notes, const char *key, const fc_study *study,
                            const fc_plan *plan) {
    static const char *const recomputes[FC_RECOMPUTE_COUNT] = {"none", "none", "attn_only", "full"};
    fc_json_out_object(out, key);
    fc_json_out_count(out, "num_procs", (double)fc_plan_ranks(plan));
    fc_json_out_count(out, "tensor_par", plan->tp);
    fc_json_out_count(out, "pipeline_par", plan->pp);
    fc_json_out_count(out, "data_par", plan->dp);
    write_networks(out, study, plan);
    fc_json_out_count(out, "batch_size", plan->global_batch);
    fc_json_out_count(out, "microbatch_size", plan->micro_batch);
    fc_json_out_text(out, "datatype", datatype(notes, study->workload.dtype));
    fc_json_out_bool(out, "fused_activation", study->stack.fused_kernels != 0);
    fc_json_out_text(out, "attention_type",
                     study->model.kv_heads == 1 && study->model.heads > 1 ? "multiquery" : "multihead");
    fc_json_out_text(out, "activation_recompute", recomputes[plan->recompute]);
    fc_json_out_count(out, "pipeline_interleaving", plan->vpp);
    fc_json_out_bool(out, "optimizer_sharding", plan->zero > 0 && plan->dp > 1);
    write_traffic(out, study, plan);
    fc_json_out_bool(out, "weight_offload", plan->offload_weights != 0);
    fc_json_out_bool(out, "activations_offload", plan->offload_activations != 0);
    fc_json_out_bool(out, "optimizer_offload", plan->offload_optimizer != 0);
    fc_json_out_bool(out, "training", true);
    fc_json_out_end_object(out);
    note_execution(notes, study, plan);
}

fc_status fc_write_plan_calculon(fc_text *out, fc_text *notes, const fc_study *study, const fc_plan *plan,
                                 fc_calculon_part part, fc_error *error) {
    FC_TRY(check(study, plan, error));
    fc_json_out json = fc_json_out_start(out);
    if (part == FC_CALCULON_ALL) {
        fc_json_out_object(&json, NULL);
    }
    if (part != FC_CALCULON_EXECUTION) {
        write_application(&json, notes, part == FC_CALCULON_ALL ? "application" : NULL, study);
    }
    if (part != FC_CALCULON_APPLICATION) {
        write_execution(&json, notes, part == FC_CALCULON_ALL ? "execution" : NULL, study, plan);
    }
    if (part == FC_CALCULON_ALL) {
        fc_json_out_end_object(&json);
    }
    return json.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "a number of this plan is not finite") : FC_OK;
}
