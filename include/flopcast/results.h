/* results.h: what the stages hand on. Plain structs; every number SI; counts of work are double (they pass 2^64). */
#ifndef FLOPCAST_RESULTS_H
#define FLOPCAST_RESULTS_H

#include "base.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- fc_ops: unsharded operations of one model on one workload ---------------------------------------------- */

#define FC_MAX_OPS 64

typedef enum fc_op_class {
    FC_OP_MATMUL = 0, /* rows × n × k against trained weights */
    FC_OP_ATTENTION,  /* scores and weighted values: no weights */
    FC_OP_SCAN,       /* state-space or linear-attention recurrence */
    FC_OP_MEMORY,     /* norms, activations, residuals, embedding: bound by bytes */
    FC_OP_CLASS_COUNT
} fc_op_class;

typedef enum fc_op_place {
    FC_PLACE_LAYER = 0, /* spread over the pipeline */
    FC_PLACE_FIRST,     /* embedding: first stage */
    FC_PLACE_LAST,      /* final norm, logits, loss: last stage */
    FC_PLACE_COUNT
} fc_op_place;

/* When a saved activation exists at all, and which recomputation drops it. */
typedef enum fc_saved_if {
    FC_SAVED_ALWAYS = 0,
    FC_SAVED_IF_DROPOUT = 1,
    FC_SAVED_IF_PLAIN_ATTENTION = 2, /* the s² tensors that flash attention never stores */
    FC_SAVED_UNTIL_SELECTIVE = 4,    /* dropped by selective and full recomputation; else dropped by full only */
    FC_SAVED_LAYER_INPUT = 8,        /* kept even by full recomputation */
    FC_SAVED_IF_FLASH_ATTENTION = 16 /* the log-sum-exp that only flash attention stores */
} fc_saved_if;

#define FC_MAX_SAVED 4
typedef struct fc_saved {
    double bytes_per_token; /* unsharded, one instance */
    uint32_t axes;          /* fc_axis bits that divide it; context and pipeline always do */
    uint32_t when;          /* fc_saved_if bits */
} fc_saved;

/* What one direction of a row moves on a processor, one instance (docs/formulas.md, "Passes of a processor"). A product's
 * own reads and writes are not in it. */
typedef struct fc_passes {
    double stream_bytes_per_token; /* adds, scales, copies, fills */
    double pass_bytes_per_token;   /* at the rate of the row's own kind of pass */
    double tensors_count;          /* made anew, of tensor_bytes_per_token each */
    double kernels_count;          /* passes; products apart */
} fc_passes;

/* One row: `instances` equal operations in the model. Per token of the training sequence, forward. */
typedef struct fc_op {
    char name[FC_NAME_SIZE]; /* "attn_qkv", "experts_up", … */
    uint32_t op_class;       /* fc_op_class */
    uint32_t place;          /* fc_op_place */
    uint32_t dtype;          /* fc_dtype of the arithmetic */
    double instances;        /* layers that have it, encoder included */
    double rows_per_token;   /* m of the matmul is rows_per_token × tokens */
    double n;
    double k;
    double groups;                        /* equal matmuls side by side: experts; else 1. rows are spread over them */
    double repeats;                       /* times the block runs on shared weights (tied logits of MTP); else 1 */
    uint32_t row_axes;                    /* fc_axis bits that divide the rows */
    uint32_t n_axes;                      /* … n */
    uint32_t k_axes;                      /* … k: a partial sum that is reduced afterwards */
    uint32_t group_axes;                  /* … groups */
    double flop_per_token;                /* model FLOP, exact, causal, one instance forward */
    double full_flop_per_token;           /* the same with every key counted, as PaLM and Megatron count attention */
    double extra_bytes_per_token;         /* memory-bound traffic, one fused pass, one instance forward */
    double extra_unfused_bytes_per_token; /* on top of that where attention is plain: scores and their softmax */
    uint32_t pass;                        /* fc_pass (chip.h) of the row's traffic */
    double tensor_bytes_per_token;        /* of what the row makes */
    fc_passes eager_forward;              /* every operation a kernel of its own, as PyTorch's eager mode has it */
    fc_passes eager_backward;
    fc_passes fused_forward; /* one pass each; a residual rides in the norm that follows it */
    fc_passes fused_backward;
    double params_count;  /* trained numbers, one instance; 0 where weights are shared with another row */
    uint32_t params_axes; /* fc_axis bits that divide the weights */
    uint32_t saved_count;
    fc_saved saved[FC_MAX_SAVED];
    uint32_t layer_kinds; /* of a layer's row: one bit for each kind of layer that has it (fc_ops.layer_kind) */
    double workspace_bytes_per_token; /* held only while one layer runs, one instance; divided as n and the rows */
    double plain_workspace_bytes_per_token; /* instead, where attention is plain */
} fc_op;

/* Kinds of layer: a mixer with a block (fc_mixer × fc_block, model.h), and an encoder's layer. */
#define FC_MAX_LAYER_KINDS 20
/* Encoder, decoder (FC_MAX_LAYERS each) and multi-token-prediction layers. */
#define FC_MAX_PLACED_LAYERS (2 * 4096 + 64)

typedef struct fc_ops {
    double params_total_count;         /* every trained tensor, norms and biases included */
    double params_active_count;        /* touched by one token; the embedding table counts whole */
    double params_active_matmul_count; /* N of 6ND: active, input table out, output matrix in */
    double flop_per_token_model;       /* forward + backward, exact, causal */
    double flop_per_token_palm;        /* 6N + 6·L·heads·(d_qk + d_v)·s: PaLM appendix B, full attention */
    double flop_per_token_6nd;
    double seq_len;
    double hidden;
    double heads;
    double kv_heads;
    double layers_count; /* decoder + encoder + MTP */
    double vocab;
    double kv_bytes_per_token; /* keys and values of one layer: what context parallelism moves */
    double moe_layers_count;
    double attention_layers_count;
    double experts;
    double experts_per_token;
    double expert_groups; /* that the router limits a token to some of; 0: it does not */
    double expert_groups_per_token;
    double activation_bytes; /* of one number between layers: 2 in 16-bit training, 4 in fp32 */
    double weight_bytes;     /* of one stored weight used in forward */
    double grad_bytes;
    double master_bytes;
    double optimizer_bytes;
    double tokens_count; /* of the whole workload */
    uint32_t dtype;      /* of the layers' matmuls: the denominator of MFU */
    uint32_t side_dtype; /* of what 8-bit and 4-bit recipes keep wider: attention, logits, router */
    uint8_t tied;        /* logits use the input table */
    uint32_t optimizer;  /* fc_optimizer: what optimizer_bytes are counted for */
    uint32_t layer_kinds_count;
    double kind_layers_count[FC_MAX_LAYER_KINDS];
    uint8_t layer_kind[FC_MAX_PLACED_LAYERS]; /* of each of layers_count layers, in the order of the pipeline */
    uint32_t ops_count;
    fc_op ops[FC_MAX_OPS];
} fc_ops;

/* ---- fc_memory: bytes on the worst chip ------------------------------------------------------------------- */

typedef enum fc_memory_cause {
    FC_MEMORY_WEIGHTS = 0,
    FC_MEMORY_GRADS,
    FC_MEMORY_MASTER,
    FC_MEMORY_OPTIMIZER,
    FC_MEMORY_ACTIVATIONS,
    FC_MEMORY_LOGITS,
    FC_MEMORY_BUFFERS,       /* the layer at work: what recomputation makes again, its input and gradient */
    FC_MEMORY_ATTENTION,     /* workspace of the attention core */
    FC_MEMORY_EXPERT,        /* tokens sent to experts and their results */
    FC_MEMORY_COMMUNICATION, /* gathered weights, gradients on their way, keys and values of other context ranks */
    FC_MEMORY_RESERVE,
    FC_MEMORY_CAUSE_COUNT
} fc_memory_cause;

/* One layer of a kind, or one end of the model, on one device; bytes are for one token. */
typedef struct fc_memory_part {
    double dense_count;        /* trained numbers */
    double expert_count;       /* those of experts, before ep divides them */
    double dense_states_count; /* optimizer states of either, in units of optimizer_bytes */
    double expert_states_count;
    double input_bytes;     /* saved until backward: survives full recomputation */
    double core_bytes;      /* … dropped by selective recomputation */
    double other_bytes;     /* … dropped by full recomputation */
    double expert_bytes;    /* … of routed tokens, before the most loaded rank's surplus */
    double attention_bytes; /* workspaces while it runs: of the attention core */
    double dispatch_bytes;  /* … the results of routed tokens, before the surplus */
} fc_memory_part;

/* The rows of each kind of layer and of both ends, summed up for one tp and sequence_parallel: what does not depend on
 * the rest of a plan, so that a search does it once. */
typedef struct fc_memory_rows {
    fc_memory_part layer[FC_MAX_LAYER_KINDS];
    fc_memory_part first;
    fc_memory_part last;
    fc_memory_part table_copy; /* what the last of several stages holds of the first's word table */
} fc_memory_rows;

typedef struct fc_memory {
    double cause_bytes[FC_MEMORY_CAUSE_COUNT]; /* per chip, worst stage */
    double per_chip_bytes;                     /* their sum */
    double capacity_bytes;
    double host_bytes;          /* per chip, in the host's memory: what is offloaded, fullest stage */
    double host_capacity_bytes; /* 0: unknown, and then nothing fits there */
    double host_moved_bytes;    /* per chip and step, both ways together, of that stage */
    double stage_layers_count;  /* of the worst stage */
    uint32_t worst_stage;       /* counts from 0 */
    uint8_t fits;
} fc_memory;

/* ---- fc_step: seconds of one optimizer step, by cause ------------------------------------------------------ */

typedef enum fc_step_cause {
    FC_STEP_MATMUL = 0,
    FC_STEP_ATTENTION,
    FC_STEP_MEMORY_BOUND,
    FC_STEP_LAUNCH, /* gaps between kernels */
    FC_STEP_HOST,   /* the chip waits for its host to launch */
    FC_STEP_RECOMPUTE,
    FC_STEP_FIRST_TOUCH, /* memory mapped anew each step */
    FC_STEP_TENSOR,      /* exposed tensor-parallel traffic */
    FC_STEP_EXPERT,      /* exposed all-to-all and the wait for the most loaded expert rank */
    FC_STEP_CONTEXT,
    FC_STEP_PIPELINE, /* exposed point-to-point */
    FC_STEP_BUBBLE,
    FC_STEP_DATA, /* exposed gradient and weight traffic of the replicas */
    FC_STEP_OPTIMIZER,
    FC_STEP_STRAGGLER,
    FC_STEP_CAUSE_COUNT
} fc_step_cause;

typedef struct fc_step {
    double cause_s[FC_STEP_CAUSE_COUNT];
    double time_s; /* their sum, in this order */
    double tokens_per_step;
    double model_flop;                     /* of the step, exact convention */
    double hardware_flop;                  /* with recomputation and flash attention's extra pass */
    double peak_flop_per_s_per_chip;       /* dense, of the stated dtype: the denominator */
    double mixed_peak_flop_per_s_per_chip; /* Σ flop / Σ (flop_i / peak_i) */
    double chips_used_count;
    double mfu_frac;
    double hfu_frac;
    double tokens_per_s;
} fc_step;

/* One micro-batch of all layers, or of one end of the model, on one rank: sums over rows, forward and backward. */
typedef struct fc_step_part {
    double class_s[FC_OP_CLASS_COUNT];
    double forward_s; /* of all classes; the rest of their sum is backward */
    double launch_s;
    double touch_s;
    double core_forward_s;         /* of the attention core, which selective recomputation does again */
    double forward_flop_per_token; /* unsharded, model FLOP */
    double core_flop_per_token;
    double dense_count; /* trained numbers */
    double expert_count;
} fc_step_part;

/* What a step depends on through tp, cp, ep, etp, sequence_parallel and micro_batch alone, all layers together, so that a
 * search sums it up once for many plans. */
typedef struct fc_step_rows {
    fc_step_part layers;
    fc_step_part first;
    fc_step_part last;
    fc_memory_part held;         /* saved by all layers for one token; optimizer states of all layers, on one chip */
    double ends_states_count[2]; /* of the first and the last place */
    double copy_states_count;    /* of the second copy of a token table */
    double muon_s[2];            /* orthogonalising all layers' matrices once, on one chip: dense, experts */
    double muon_largest_s;       /* of that, the largest matrix */
    double table_copy_count;     /* numbers of a token table that the last of several stages keeps a second time */
    double mixed_peak_flop_per_s;
    double flash_extra_flop_per_token; /* flash attention's second look at the scores */
    double host_forward_s;             /* of the host, to launch all layers of one forward pass */
    double update_s_per_number;        /* of the optimizer, on a processor that was measured, and once a step … */
    double update_launch_s;
    double update_touch_s;
    double reduces_s;       /* partial sums of the tensor ranks, forward, were all of them in one domain */
    double end_reduce_s;    /* … of one end of the model */
    uint32_t reduces_count; /* sizes of these sums */
    double reduce_bytes[FC_MAX_OPS];
    double reduce_instances[FC_MAX_OPS]; /* how many of each size, forward */
} fc_step_rows;

/* ---- fc_run and fc_cost ------------------------------------------------------------------------------------ */

typedef struct fc_run {
    double tokens_count;
    double steps_count;
    double goodput_frac;          /* productive time / wall time, of a run that keeps its chips */
    double days;                  /* wall time, share of the fleet included */
    double chip_h;                /* chips held × wall hours × share: what the run is charged for */
    double mtbf_s;                /* of the whole job */
    double checkpoint_s;          /* one checkpoint */
    double checkpoint_interval_s; /* work between two on storage: Daly's optimum, or stated */
    double memory_interval_s;     /* the same of copies in memory; 0: there are none */
    double spare_wait_s;          /* mean wait for a host when one fails; 0: spares never run out */
    double replicas_count;        /* that a failure leaves behind when it takes one; below 2: it stops the job */
} fc_run;

typedef struct fc_cost {
    double total_usd; /* 0 where no price is known */
    double usd_per_mtoken;
    double energy_mwh;
    double peak_mw; /* facility, all chips of the cluster */
    uint8_t priced;
    uint8_t powered; /* the chip's power is known */
} fc_cost;

/* One pass through the chain, at one setting of the inputs. */
typedef struct fc_point {
    fc_plan plan;
    fc_memory memory;
    fc_step step;
    fc_run run;
    fc_cost cost;
} fc_point;

/* One change that makes a plan fit, or brings it nearer: tried by the chain. */
#define FC_MAX_REMEDIES 16
typedef struct fc_remedy {
    char change[256]; /* "set plan.recompute to full" */
    double per_chip_bytes;
    double time_change_frac; /* of a step; meaningless where not priced */
    uint8_t fits;
    uint8_t priced; /* the step model knows what the change costs */
} fc_remedy;

/* One change that keeps more of a run's time: tried alone, in closed form. */
#define FC_MAX_RUN_REMEDIES 6
typedef struct fc_run_remedy {
    char change[160];
    double goodput_frac; /* with it */
} fc_run_remedy;

#define FC_MAX_DRIVERS 16
typedef struct fc_driver {
    char input[FC_NAME_SIZE];
    double swing_frac; /* (total days or cost at high − at low) / at mid */
} fc_driver;

/* The answer to one study: the mid point, and the ranges over the spreads of the inputs. */
typedef struct fc_estimate {
    fc_ops ops;
    fc_point point;
    fc_range time_s;
    fc_range mfu_frac;
    fc_range days;
    fc_range chip_h;
    fc_range goodput_frac;
    fc_range total_usd;
    fc_range usd_per_mtoken;
    fc_range energy_mwh;
    uint32_t drivers_count;
    fc_driver drivers[FC_MAX_DRIVERS];
    double plans_tried_count;
    double plans_fitting_count;
    uint32_t draws_count;
    uint32_t histories_count;      /* of failures, played at the middle of all inputs; 0: none were */
    fc_range history_goodput_frac; /* over them: what luck alone does */
    fc_range history_days;
    uint32_t run_remedies_count; /* against failures, the best first */
    fc_run_remedy run_remedies[FC_MAX_RUN_REMEDIES];
    uint8_t plan_given;
    uint32_t remedies_count;             /* 0 where the plan fits */
    fc_remedy remedies[FC_MAX_REMEDIES]; /* what fits first, the cheapest first; then what comes nearer */
} fc_estimate;

const char *fc_memory_cause_name(fc_memory_cause cause);
const char *fc_step_cause_name(fc_step_cause cause);

#ifdef __cplusplus
}
#endif
#endif
