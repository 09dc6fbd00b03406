/* step_processor.c: a row on a processor that was measured: products one by one, passes at the rate of their kind, pages
 * that are mapped anew, and threads that wait for each other. docs/formulas.md, "Passes of a processor".
 */
#include "flopcast/hd/math.h"
#include "flopcast/hd/roofline.h"
#include "flopcast/hd/shard.h"
#include "step_op.h"

#include <stdbool.h>

/* Layouts of calibration.h: forward, input gradient, weight gradient. */
enum { FORWARD = 0, INPUT_GRAD = 1, WEIGHT_GRAD = 2 };

/* ---- products ---------------------------------------------------------------------------------------------------- */

static double product_s(const fc_step_machine *on, const fc_matmul_curve *curve, const fc_op *op, uint32_t layout,
                        fc_product p) {
    double rate = fc_hd_matmul_curve_rate(curve, on->chip->peak_flop_per_s[op->dtype], layout, p.m, p.n, p.k);
    double bytes = (p.m * p.k + p.k * p.n + p.m * p.n) * fc_dtype_bytes((fc_dtype)op->dtype);
    return curve->launch_s + fc_hd_roofline_s(2.0 * p.m * p.n * p.k, rate, bytes, on->memory_bytes_per_s);
}

static bool has_own_threads(const fc_step_machine *on, const fc_op *op) {
    return on->stack->own_threads && on->chip->one_thread[op->dtype].eff_frac > 0.0;
}

/* On all threads: by the library's own, or cut along the longer side with a piece a thread. */
static double shared_product_s(const fc_step_machine *on, const fc_op *op, uint32_t layout, fc_product p) {
    if (!has_own_threads(on, op)) {
        return p.count * product_s(on, &on->chip->matmul[op->dtype], op, layout, p);
    }
    double threads = on->chip->threads_count;
    if (p.m >= p.n) {
        p.m = fc_hd_max(1.0, p.m / threads);
    } else {
        p.n = fc_hd_max(1.0, p.n / threads);
    }
    return p.count * product_s(on, &on->chip->one_thread[op->dtype], op, layout, p);
}

/* Products of single heads, `p.count` of them: each on one thread, or one after the other on all. */
static double heads_product_s(const fc_step_machine *on, const fc_op *op, uint32_t layout, fc_product p) {
    if (!has_own_threads(on, op)) {
        return p.count * (product_s(on, &on->chip->matmul[op->dtype], op, layout, p) + on->stack->host_s_per_kernel);
    }
    double turns = fc_hd_ceil(p.count / on->chip->threads_count);
    return turns * product_s(on, &on->chip->one_thread[op->dtype], op, layout, p);
}

/* A run of products between two passes: the framework's threads still wait actively for their next pass while the
 * library's begin, and the other way round afterwards. */
static double switched_s(const fc_step_machine *on, double library_s) {
    bool two_pools = on->chip->threads_count > 1.0 && !on->stack->own_threads && !on->stack->one_thread_passes;
    return library_s + (two_pools ? on->stack->pool_switch_s : 0.0);
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

static double pass_rate(const fc_step_machine *on, uint32_t pass) {
    double one_thread = on->stack->one_thread_passes ? on->chip->one_thread_pass_bytes_per_s[pass] : 0.0;
    double rate = one_thread > 0.0 ? one_thread : on->chip->pass_bytes_per_s[pass];
    return rate > 0.0 ? rate : on->memory_bytes_per_s;
}

static double passes_s(const fc_step_machine *on, const fc_op *op, const fc_passes *passes, double tokens) {
    return tokens * (passes->stream_bytes_per_token / pass_rate(on, FC_PASS_STREAM) +
                     passes->pass_bytes_per_token / pass_rate(on, op->pass));
}

/* Each kernel is a call of the caller and, on several threads, a start for all of them. */
static double kernels_s(const fc_step_machine *on, double kernels_count) {
    double start_s = on->stack->one_thread_passes ? 0.0 : on->launch_s;
    return kernels_count * (start_s + on->stack->host_s_per_kernel);
}

/* ---- memory mapped anew ------------------------------------------------------------------------------------------ */

static double mapping_s(const fc_step_machine *on, double tensors_count, double bytes) {
    double one_thread = on->stack->one_thread_passes ? on->chip->one_thread_touch_bytes_per_s : 0.0;
    double rate = one_thread > 0.0 ? one_thread : on->chip->first_touch_bytes_per_s;
    return rate > 0.0 ? (1.0 + on->stack->touch_overhead_frac) * tensors_count * bytes / rate : 0.0;
}

/* glibc maps what is as large as the most that M_MMAP_THRESHOLD grows to for itself, and unmaps it when it is freed. */
static double touch_s(const fc_step_machine *on, double tensors_count, double bytes) {
    bool fresh = on->stack->fresh_tensor_bytes > 0.0 && bytes >= on->stack->fresh_tensor_bytes;
    return fresh ? mapping_s(on, tensors_count, bytes) : 0.0;
}

static double weight_bytes(const fc_step_machine *on, const fc_op *op) {
    return op->params_count / fc_shard_ways(on->plan, op->params_axes) * on->ops->weight_bytes;
}

static double row_tensor_bytes(const fc_step_machine *on, const fc_op *op) {
    uint32_t axes = (op->row_axes | op->n_axes) & ~(uint32_t)FC_AXIS_EXPERT;
    return op->tensor_bytes_per_token * on->tokens / fc_shard_ways(on->plan, axes);
}

double fc_step_kept_tensor_bytes(const fc_step_machine *on) {
    double most = 0.0;
    for (uint32_t i = 0; i < on->ops->ops_count; i++) {
        double sizes[] = {row_tensor_bytes(on, &on->ops->ops[i]), weight_bytes(on, &on->ops->ops[i])};
        for (int j = 0; j < 2; j++) {
            most = sizes[j] < on->stack->fresh_tensor_bytes ? fc_hd_max(most, sizes[j]) : most;
        }
    }
    return most;
}

/* Smaller tensors come out of the heap, which the process keeps but for its end: free memory there goes back once it
 * passes M_TRIM_THRESHOLD, twice the largest tensor that was ever mapped for itself and freed. The forward pass ends with
 * the logits, at the heap's end; they, their logarithm and the gradients of both are freed together. */
static double row_touch_s(const fc_step_machine *on, const fc_op *op, double tensors_count) {
    static const double tensors_at_the_end = 4.0;
    static const double trim_factor = 2.0;
    double bytes = row_tensor_bytes(on, op);
    bool trimmed = on->kept_tensor_bytes > 0.0 && op->place == FC_PLACE_LAST && bytes < on->stack->fresh_tensor_bytes &&
                   tensors_at_the_end * bytes >= trim_factor * on->kept_tensor_bytes;
    return trimmed ? mapping_s(on, tensors_count, bytes) : touch_s(on, tensors_count, bytes);
}

static fc_op_time passes_of(const fc_step_machine *on, const fc_op *op) {
    bool fused = on->stack->fused_kernels != 0;
    const fc_passes *forward = fused ? &op->fused_forward : &op->eager_forward;
    const fc_passes *backward = fused ? &op->fused_backward : &op->eager_backward;
    uint32_t axes = (op->row_axes | op->n_axes) & ~(uint32_t)FC_AXIS_EXPERT;
    double tokens = on->tokens / fc_shard_ways(on->plan, axes);
    return (fc_op_time){.forward_s = passes_s(on, op, forward, tokens),
                        .backward_s = passes_s(on, op, backward, tokens),
                        .launch_s = kernels_s(on, forward->kernels_count + backward->kernels_count),
                        .touch_s = row_touch_s(on, op, forward->tensors_count + backward->tensors_count)};
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

/* A weight's gradient is a tensor as large as the weight, made anew, and added to what is there. */
static double weight_touch_s(const fc_step_machine *on, const fc_op *op) {
    return touch_s(on, 1.0, weight_bytes(on, op));
}

static fc_op_time time_matmul(const fc_step_machine *on, const fc_op *op) {
    fc_product p = fc_step_product(on, op);
    fc_product input_grad = {p.m, p.k, p.n, p.count};
    fc_product weight_grad = {p.n, p.k, p.m, p.count};
    fc_op_time out = passes_of(on, op);
    double forward_s = shared_product_s(on, op, FORWARD, p);
    double backward_s =
        shared_product_s(on, op, INPUT_GRAD, input_grad) + shared_product_s(on, op, WEIGHT_GRAD, weight_grad);
    out.forward_s += switched_s(on, forward_s);
    out.backward_s += switched_s(on, backward_s);
    double calls = has_own_threads(on, op) ? 2.0 * on->launch_s : 3.0 * on->stack->host_s_per_kernel;
    out.launch_s += p.count * op->repeats * calls;
    double input_grad_bytes = p.m * p.k * on->ops->activation_bytes;
    out.touch_s += weight_touch_s(on, op) + touch_s(on, p.count, input_grad_bytes);
    return out;
}

/* Plain attention, a head at a time: scores q·kᵀ and their weighted values; back two of each kind. Sizes of queries and
 * values are taken as equal. */
static fc_op_time time_attention(const fc_step_machine *on, const fc_op *op) {
    double ranks = fc_shard_ways(on->plan, op->n_axes);
    double seq_len = on->ops->seq_len;
    double heads = on->ops->heads / ranks;
    fc_product scores = {seq_len, seq_len, op->n / on->ops->heads / 2.0, heads * on->tokens / seq_len};
    fc_product values = {seq_len, scores.k, seq_len, scores.count};
    fc_op_time out = passes_of(on, op);
    double score_s = heads_product_s(on, op, FORWARD, scores);
    out.forward_s += switched_s(on, score_s) + switched_s(on, heads_product_s(on, op, INPUT_GRAD, values));
    out.backward_s +=
        switched_s(on, score_s + heads_product_s(on, op, WEIGHT_GRAD, values)) +
        switched_s(on, heads_product_s(on, op, INPUT_GRAD, values) + heads_product_s(on, op, WEIGHT_GRAD, values));
    return out;
}

fc_op_time fc_step_on_processor(const fc_step_machine *on, const fc_op *op) {
    if (op->op_class == FC_OP_MATMUL) {
        return time_matmul(on, op);
    }
    if (op->op_class == FC_OP_ATTENTION) {
        return time_attention(on, op);
    }
    fc_op_time out = passes_of(on, op);
    out.forward_s *= op->repeats;
    out.backward_s *= op->repeats;
    out.launch_s *= op->repeats;
    if (op->pass == FC_PASS_GATHER) { /* the table's gradient begins as zeros */
        double count = op->params_count / fc_shard_ways(on->plan, op->params_axes);
        out.backward_s += count * on->ops->weight_bytes / pass_rate(on, FC_PASS_STREAM);
        out.touch_s += weight_touch_s(on, op);
    }
    return out;
}

fc_op_time fc_step_update_on_processor(const fc_step_machine *on, double count) {
    const fc_ops *ops = on->ops;
    if (on->stack->weight_moves <= 0.0) {
        double copies = ops->master_bytes > 0.0 ? 2.0 * ops->master_bytes + ops->weight_bytes : 2.0 * ops->weight_bytes;
        double bytes = ops->grad_bytes + 2.0 * ops->optimizer_bytes + copies;
        return (fc_op_time){.forward_s = count * bytes / pass_rate(on, FC_PASS_OPTIMIZER), .launch_s = on->launch_s};
    }
    fc_op_time out = {.forward_s = count * on->stack->weight_moves * ops->weight_bytes / pass_rate(on, FC_PASS_STREAM)};
    for (uint32_t i = 0; i < ops->ops_count; i++) {
        const fc_op *op = &ops->ops[i];
        double bytes = weight_bytes(on, op);
        if (bytes > 0.0) {
            out.touch_s += op->instances * touch_s(on, on->stack->weight_tensors, bytes);
            out.launch_s += op->instances * kernels_s(on, on->stack->weight_moves / 2.0);
        }
    }
    return out;
}
