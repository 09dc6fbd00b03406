/* step_traffic.h: what one step of a plan stands on, and the traffic between its chips. Shared by the files that make up the step. */
#ifndef FLOPCAST_HOST_STAGES_STEP_TRAFFIC_H
#define FLOPCAST_HOST_STAGES_STEP_TRAFFIC_H

#include "flopcast/cluster.h"
#include "flopcast/hd/kernel_gemm.h"
#include "flopcast/plan.h"
#include "flopcast/results.h"
#include "flopcast/workload.h"

#include <stdbool.h>

enum { FC_STEP_GEMMS = 2 }; /* formats of a step: the layers', and that of what is kept wider */

typedef struct fc_step_machine {
    const fc_ops *ops;
    const fc_cluster *cluster;
    const fc_chip *chip;
    const fc_plan *plan;
    const fc_stack *stack;
    double tokens; /* of a micro-batch on one context rank */
    double memory_bytes_per_s;
    double launch_s;
    bool fused_experts; /* experts run in kernels that hold activation and conversion too */
    bool graphs;        /* the host launches nothing */
    uint32_t gemm_dtype[FC_STEP_GEMMS];
    fc_gemm_ready gemm[FC_STEP_GEMMS]; /* its curve's sms_count 0: the chip has none */
    double kept_tensor_bytes;          /* of a processor: the largest tensor that is not mapped for itself */
} fc_step_machine;

/* Seconds of one micro-batch on the fullest stage, what overlap hides already left out. */
typedef struct fc_step_links {
    double tensor_s;
    double expert_s;
    double context_s;
    double forward_s; /* of these three together; the rest is backward */
    double send_s;    /* one message between two stages of the pipeline, all of it */
    double ends_s;    /* tensor-parallel traffic of embedding and logits, on the stage that has them */
} fc_step_links;

/* Trained numbers of one rank's fullest stage; of each of them where a rank works for two. */
typedef struct fc_step_load {
    double dense_count;
    double expert_count;
} fc_step_load;

/* Fills in the sums of the tensor ranks that a group inside one domain takes: most groups are. */
void fc_step_reduce(fc_step_rows *rows, const fc_step_machine *on);
/* The chip's own work each way on the stage, forward_s and backward_s, is all that can hide anything. */
fc_step_links fc_step_exposed_links(const fc_step_machine *on, const fc_step_rows *rows, double forward_s,
                                    double backward_s);
fc_step_load fc_step_weights_on_rank(const fc_step_machine *on, const fc_step_rows *rows);

/* Gradients in and weights out over the replicas, once a step, before overlap. */
typedef struct fc_step_replicas {
    double time_s;   /* all of it */
    double across_s; /* of that, once a step: sums over the groups that ZeRO splits within, and over a stage's two copies */
    double inside_s; /* had all of it gone through the innermost tier: how much it disturbs the chip's own work */
} fc_step_replicas;
fc_step_replicas fc_step_replica_traffic(const fc_step_machine *on, fc_step_load load);
/* How often in a step that traffic runs, and so beside how many micro-batches it may hide. */
double fc_step_replica_rounds(const fc_step_machine *on);
/* Gradients of a token table that first and last stage both keep, once a step. */
double fc_step_table_traffic_s(const fc_step_machine *on, const fc_step_rows *rows);

#endif
