/* step_op.h: seconds of one row, shared by the files that make up the step. */
#ifndef FLOPCAST_HOST_STAGES_STEP_OP_H
#define FLOPCAST_HOST_STAGES_STEP_OP_H

#include "flopcast/hd/step_machine.h"

#include <stdbool.h>

/* Forward and backward seconds of one instance of a row on one rank, one micro-batch. */
typedef struct fc_op_time {
    double forward_s;
    double backward_s;
    double launch_s;
    double touch_s; /* pages mapped anew, both ways */
} fc_op_time;

/* m, n and k of a matmul row's forward product after sharding, and how many of them there are. */
typedef struct fc_product {
    double m;
    double n;
    double k;
    double count;
} fc_product;

fc_product fc_step_product(const fc_step_machine *on, const fc_op *op);

/* A row on an accelerator. */
fc_op_time fc_step_on_accelerator(const fc_step_machine *on, const fc_op *op);
/* The chip's matmul curve at the rate that a step sustains, made ready for all rows; false where it has none. */
bool fc_step_gemm_curve(fc_gemm_ready *out, const fc_chip *chip, uint32_t dtype);

/* Whether plain attention's softmax falls back to one kernel an operation: the fused one works on blocks of so many
 * (sequence, head) pairs at a time, and they must come out even (Megatron-LM, fused_softmax.py). */
bool fc_step_softmax_unfused(const fc_step_machine *on);

/* The largest tensor of a step below the stack's fresh_tensor_bytes: half of what the heap's end keeps. */
double fc_step_kept_tensor_bytes(const fc_step_machine *on);
/* A row on a processor that was measured (chip->threads_count above 0). */
fc_op_time fc_step_on_processor(const fc_step_machine *on, const fc_op *op);
/* What its optimizer takes for so many parameters, beyond gradients that were summed: one pass, or one kernel an operation
 * and tensor. */
fc_op_time fc_step_update_on_processor(const fc_step_machine *on, double count);

#endif
