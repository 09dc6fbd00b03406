/* step_gpu.c: a row of operations on an accelerator: matmuls and attention by the chip's measured curves where there are
 * some, else by a ramped share of the peak; everything else by the bytes it moves. docs/formulas.md, "Step time".
 */
#include "flopcast/hd/kernel_attention.h"
#include "flopcast/hd/roofline.h"
#include "flopcast/hd/shard.h"
#include "step_op.h"

#include <stdbool.h>

/* Flash attention's backward recomputes the scores: 2.5 times its forward (Dao 2205.14135, 2307.08691). */
static const double FLASH_BACKWARD = 2.5;
/* Rows of a grouped product are padded to the tile of each group (CUTLASS grouped GEMM; Megatron-Core pads alike). */
static const double GROUP_ROWS = 128.0;

/* ---- matmuls ----------------------------------------------------------------------------------------------------- */

bool fc_step_gemm_curve(fc_gemm_ready *out, const fc_chip *chip, uint32_t dtype) {
    const fc_chip_curve *curve = &chip->curves.matmul[dtype];
    if (!(curve->cores_count > 0.0)) {
        return false;
    }
    fc_gemm_curve used;
    for (int i = 0; i < FC_GEMM_PARAMETER_COUNT; ++i) {
        used.p[i] = curve->parameters[i];
    }
    double bytes = fc_dtype_bytes((fc_dtype)dtype);
    used.sms_count = curve->cores_count;
    used.operand_bytes = bytes;
    used.result_bytes = fc_hd_max(bytes, 2.0);
    /* A training step never lets the chip cool down: whatever a kernel's own length, it runs at the sustained rate. */
    double hot = chip->matmul_hot_frac[dtype];
    double boost = used.p[FC_GEMM_BOOST_FLOP_PER_S];
    used.p[FC_GEMM_SUSTAINED_FLOP_PER_S] = hot > 0.0 ? hot * boost : used.p[FC_GEMM_SUSTAINED_FLOP_PER_S];
    used.p[FC_GEMM_POWER_S] = 1e-30;
    fc_hd_gemm_prepare(out, &used);
    return true;
}

static double hockney_s(const fc_step_machine *on, uint32_t dtype, fc_product p) {
    const fc_matmul_curve *curve = &on->chip->matmul[dtype];
    double rate = fc_hd_matmul_rate(p.m, p.n, p.k, on->chip->peak_flop_per_s[dtype], curve->eff_frac, curve->m_half,
                                    curve->n_half, curve->k_half);
    double bytes = (p.m * p.k + p.k * p.n + p.m * p.n) * fc_dtype_bytes((fc_dtype)dtype);
    return p.count * fc_hd_roofline_s(2.0 * p.m * p.n * p.k, rate, bytes, on->memory_bytes_per_s);
}

static const fc_gemm_ready *curve_for(const fc_step_machine *on, uint32_t dtype) {
    for (int i = 0; i < FC_STEP_GEMMS; ++i) {
        if (on->gemm_dtype[i] == dtype && on->gemm[i].curve.sms_count > 0.0) {
            return &on->gemm[i];
        }
    }
    return 0;
}

/* Turning 16-bit numbers into the product's format. The curve's own kernel is an inference library's, which takes a row at
 * a time; a training library writes two copies, along rows and along columns, since the weight gradient wants the other. */
static double convert_s(const fc_step_machine *on, const fc_gemm_curve *curve, fc_gemm_shape shape) {
    if (!(curve->operand_bytes < 2.0)) {
        return 0.0;
    }
    return shape.m * shape.k * (2.0 + 2.0 * curve->operand_bytes) / on->memory_bytes_per_s;
}

/* `count` equal products side by side, in one launch: a grouped kernel works on all their tiles at once. */
static double product_s(const fc_step_machine *on, uint32_t dtype, fc_product p, bool converts) {
    const fc_gemm_ready *ready = curve_for(on, dtype);
    if (!ready) {
        return hockney_s(on, dtype, p);
    }
    const fc_gemm_curve *curve = &ready->curve;
    double rows = fc_hd_ceil(p.m);
    double count = fc_hd_max(1.0, p.count);
    if (count > 1.0 && on->stack->experts_apart && !on->fused_experts) {
        fc_product one = {p.m, p.n, p.k, 1.0};
        return count * product_s(on, dtype, one, converts);
    }
    if (count > 1.0) {
        rows = fc_hd_pieces(p.m, GROUP_ROWS) * GROUP_ROWS * count;
    }
    fc_gemm_shape shape = {fc_hd_max(1.0, rows), fc_hd_max(1.0, fc_hd_ceil(p.n)), fc_hd_max(1.0, fc_hd_ceil(p.k))};
    double time_s = fc_hd_gemm_ready_s(ready, shape);
    time_s -= fc_hd_gemm_convert_s(curve, shape);
    time_s += converts ? convert_s(on, curve, shape) : 0.0;
    if (count > 1.0) {
        double weight_bytes = count * p.n * p.k * curve->operand_bytes;
        time_s = fc_hd_max(time_s, weight_bytes / on->memory_bytes_per_s);
    }
    return time_s;
}

/* The weight gradient of each group has its own result: k is the group's rows. */
static double weight_grad_s(const fc_step_machine *on, uint32_t dtype, fc_product p) {
    if (p.count > 1.0 && curve_for(on, dtype)) {
        fc_product whole = {p.count * p.n, p.k, fc_hd_max(1.0, p.m), 1.0};
        return product_s(on, dtype, whole, false);
    }
    fc_product turned = {p.n, p.k, p.m, p.count};
    return product_s(on, dtype, turned, false);
}

static bool is_fused_expert(const fc_step_machine *on, const fc_op *op) {
    return on->fused_experts && (op->group_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
}

static fc_op_time time_matmul(const fc_step_machine *on, const fc_op *op) {
    fc_product p = fc_step_product(on, op);
    bool converts = !is_fused_expert(on, op);
    fc_product back = {p.m, p.k, p.n, p.count};
    fc_op_time out = {0};
    out.forward_s = product_s(on, op->dtype, p, converts);
    out.backward_s = product_s(on, op->dtype, back, converts) + weight_grad_s(on, op->dtype, p);
    /* a curve holds its own launch */
    out.launch_s = curve_for(on, op->dtype) ? 0.0 : 3.0 * op->repeats * on->launch_s;
    return out;
}

/* ---- traffic ----------------------------------------------------------------------------------------------------- */

/* Bytes a logit of a loss written out in operations (Megatron-LM, cross_entropy.py): to 32 bits (2 in, 4 out), maximum (4),
 * minus it (8), exponential (8), its sum (4), divided by it (8); back: times the gradient (8), to 16 bits (6). */
static const double LOSS_FORWARD_BYTES = 38.0;
static const double LOSS_BACKWARD_BYTES = 14.0;

typedef struct moved {
    double forward_bytes;
    double backward_bytes;
    double forward_kernels;
    double backward_kernels;
} moved;

static double bytes_of(const fc_passes *passes) {
    return passes->stream_bytes_per_token + passes->pass_bytes_per_token;
}

/* Fused: one pass each way; a residual goes back once, a norm reads its input and the gradient again for its weights. */
static moved traffic_of(const fc_step_machine *on, const fc_op *op) {
    bool loss = op->place == FC_PLACE_LAST && op->pass == FC_PASS_SOFTMAX;
    if (loss && !on->stack->fused_loss) {
        return (moved){LOSS_FORWARD_BYTES * op->n, LOSS_BACKWARD_BYTES * op->n, 8.0, 3.0};
    }
    if (on->stack->fused_kernels) {
        double back = bytes_of(&op->fused_backward);
        return (moved){op->extra_bytes_per_token, back > 0.0 ? back : op->extra_bytes_per_token, 1.0, 1.0};
    }
    return (moved){bytes_of(&op->eager_forward), bytes_of(&op->eager_backward), op->eager_forward.kernels_count,
                   op->eager_backward.kernels_count};
}

static fc_op_time time_traffic(const fc_step_machine *on, const fc_op *op) {
    if (is_fused_expert(on, op)) {
        return (fc_op_time){0};
    }
    moved m = traffic_of(on, op);
    uint32_t axes = (op->row_axes | op->n_axes) & ~(uint32_t)FC_AXIS_EXPERT;
    bool experts = (op->group_axes & (uint32_t)FC_AXIS_EXPERT) != 0;
    double rows = experts ? fc_shard_expert_rows(on->plan) : 1.0;
    double tokens = op->repeats * rows * on->tokens / fc_shard_ways(on->plan, axes);
    fc_op_time out = {0};
    out.forward_s = m.forward_bytes * tokens / on->memory_bytes_per_s;
    out.backward_s = m.backward_bytes * tokens / on->memory_bytes_per_s;
    out.launch_s = op->repeats * (m.forward_kernels + m.backward_kernels) * on->launch_s;
    return out;
}

/* ---- attention --------------------------------------------------------------------------------------------------- */

bool fc_step_softmax_unfused(const fc_step_machine *on) {
    const fc_stack *stack = on->stack;
    if (stack->flash_attention || !(stack->softmax_block > 0.0)) {
        return false;
    }
    double pairs = on->plan->micro_batch * on->ops->heads / on->plan->tp;
    return floor(pairs / stack->softmax_block) * stack->softmax_block != pairs;
}

/* Plain: two batched products forward and four back, beside them the softmax (read and write; back two reads and a write)
 * and dropout (a score in, a score and a byte of mask out; the same back). */
static fc_op_time time_plain(const fc_step_machine *on, const fc_op *op) {
    const fc_ops *ops = on->ops;
    double ranks = fc_shard_ways(on->plan, op->n_axes);
    double heads = ops->heads / ranks;
    double rows = heads * on->tokens; /* of all heads */
    double keys = ops->seq_len;
    double width = op->n / ops->heads / 2.0;
    fc_product scores = {rows, keys, width, 1.0};
    fc_product values = {rows, width, keys, 1.0};
    double scores_s = product_s(on, op->dtype, scores, false);
    double values_s = product_s(on, op->dtype, values, false);
    double number_s = rows * keys * ops->activation_bytes / on->memory_bytes_per_s;
    double drop_s = on->stack->dropout ? (2.0 + 1.0 / ops->activation_bytes) * number_s : 0.0;
    bool unfused = !on->stack->fused_kernels || fc_step_softmax_unfused(on);
    double eager = unfused ? 12.0 * number_s : 0.0; /* to 32 bits, scale, mask, softmax, back: each in and out */
    fc_op_time out = {0};
    out.forward_s = scores_s + values_s + 2.0 * number_s + drop_s + eager;
    out.backward_s = 2.0 * (scores_s + values_s) + 3.0 * number_s + drop_s + eager;
    out.launch_s = (unfused ? 12.0 : 4.0) * on->launch_s;
    return out;
}

/* Of the forward pass's two costs a score, the backward pass has 2.5 times the products, and the exponential, its
 * derivative and the sums once and a half (Dao 2307.08691, algorithm 2). */
static const double BACKWARD_SCORES = 1.5;

/* Seconds of one pass of flash attention whose softmax runs `scores_scale` times as fast as the curve's. */
static double flash_s(const fc_step_machine *on, const fc_op *op, double scores_scale) {
    const fc_ops *ops = on->ops;
    const fc_chip_curve *curve = &on->chip->curves.attention;
    double ranks = fc_shard_ways(on->plan, op->n_axes);
    double p[FC_PREFILL_PARAMETER_COUNT];
    for (int i = 0; i < FC_PREFILL_PARAMETER_COUNT; ++i) {
        p[i] = curve->parameters[i];
    }
    p[FC_PREFILL_COPY_FRAC] = 0.0; /* there is no cache to fill */
    p[FC_PREFILL_TOKEN_S] = 0.0;
    p[FC_PREFILL_SCORES_PER_S] *= scores_scale;
    double kv_heads = fc_hd_max(1.0, ops->kv_heads / ranks);
    fc_attention_shape shape = {.batch = on->plan->micro_batch,
                                .q_len = ops->seq_len,
                                .kv_len = ops->seq_len,
                                .heads = fc_hd_max(1.0, ops->heads / ranks),
                                .kv_heads = kv_heads,
                                .head_dim = op->n / ops->heads / 2.0};
    double whole_s = fc_hd_prefill_s(p, curve->cores_count, shape) - p[FC_PREFILL_LAUNCH_S];
    double causal_keys = 0.5 * (ops->seq_len + 1.0);
    return whole_s * op->k / causal_keys / on->plan->cp * op->rows_per_token;
}

static double or_one(double frac) { return frac > 0.0 ? frac : 1.0; }

static fc_op_time time_flash(const fc_step_machine *on, const fc_op *op) {
    double rate = on->stack->old_attention ? or_one(on->chip->attention_old_frac) : 1.0;
    double back = or_one(on->chip->attention_backward_frac);
    fc_op_time out = {0};
    out.forward_s = flash_s(on, op, 1.0) / rate;
    out.backward_s = FLASH_BACKWARD * flash_s(on, op, FLASH_BACKWARD / BACKWARD_SCORES) / (rate * back);
    out.launch_s = 4.0 * on->launch_s;
    return out;
}

/* A share of the peak, for chips without a curve and for scans. */
static fc_op_time time_share(const fc_step_machine *on, const fc_op *op) {
    double peak = on->chip->peak_flop_per_s[op->dtype];
    uint32_t axes = (op->row_axes | op->n_axes) & ~(uint32_t)FC_AXIS_EXPERT;
    double ways = fc_shard_ways(on->plan, axes);
    bool flash = op->op_class == FC_OP_ATTENTION && on->stack->flash_attention;
    double arithmetic_s = op->flop_per_token * on->tokens / ways / (peak * on->chip->attention_eff_frac);
    double bytes_s = op->extra_bytes_per_token * on->tokens / ways / on->memory_bytes_per_s;
    fc_op_time out = {0};
    out.forward_s = fc_hd_max(arithmetic_s, bytes_s);
    out.backward_s = fc_hd_max(arithmetic_s * (flash ? FLASH_BACKWARD : 2.0), 2.0 * bytes_s);
    out.launch_s = 2.0 * on->launch_s;
    return out;
}

fc_op_time fc_step_on_accelerator(const fc_step_machine *on, const fc_op *op) {
    switch (op->op_class) {
    case FC_OP_MATMUL:
        return time_matmul(on, op);
    case FC_OP_MEMORY:
        return time_traffic(on, op);
    case FC_OP_ATTENTION:
        if (!on->stack->flash_attention) {
            return time_plain(on, op);
        }
        return on->chip->curves.attention.cores_count > 0.0 ? time_flash(on, op) : time_share(on, op);
    default:
        return time_share(on, op);
    }
}
