/* ops_ffn.c: feed-forward blocks: dense, routed experts, shared experts. */
#include "ops_rows.h"

/* Matrices that widen: gate and up, or up alone. */
double fc_rows_ffn_matrices(const fc_model *model) { return model->ffn_type == FC_FFN_GATED ? 2.0 : 1.0; }

/* Gated: read gate and up, write the product; not fused, the activated gate goes out and back. Plain: read, write. */
static fc_op *count_activation(fc_counter *c, const char *name, double instances, double width) {
    bool gated = c->model->ffn_type == FC_FFN_GATED;
    fc_op *op = fc_rows_memory(c, name, instances, width, (gated ? 3.0 : 2.0) * width, gated ? 2.0 * width : 0.0);
    op->n_axes = TENSOR;
    op->pass = gated ? FC_PASS_SWIGLU : FC_PASS_GELU;
    fc_rows_fused(c, op, (gated ? 3.0 : 2.0) * width, (gated ? 5.0 : 3.0) * width);
    if (gated) { /* SiLU, then the product; back: two products, SiLU's, and the sum of two input gradients */
        fc_rows_eager(c, op, width, (fc_numbers){3.0 * width, 2.0 * width, 2, 2},
                      (fc_numbers){6.0 * width + 3.0 * c->hidden, 3.0 * width, 3, 4});
    } else { /* the exact error function takes the time of more numbers than it moves */
        fc_rows_eager(c, op, width, (fc_numbers){0, 3.4 * width, 1, 1}, (fc_numbers){0, 7.3 * width, 1, 1});
    }
    fc_rows_save(c, op, fc_rows_ffn_matrices(c->model) * width, TENSOR, FC_SAVED_ALWAYS);
    return op;
}

void fc_rows_dense_ffn(fc_counter *c, const char *up, const char *act, const char *down, double instances,
                       bool saves_input) {
    const fc_model *m = c->model;
    double width = (double)m->ffn_hidden;
    double wide = fc_rows_ffn_matrices(m) * width;
    fc_op *op = fc_rows_matmul(c, up, instances, wide, c->hidden, TENSOR, 0, m->ffn_bias ? wide : 0.0);
    if (saves_input) {
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    }
    count_activation(c, act, instances, width);
    op = fc_rows_matmul(c, down, instances, c->hidden, width, 0, TENSOR, m->ffn_bias ? c->hidden : 0.0);
    fc_rows_save(c, op, width, TENSOR, FC_SAVED_ALWAYS);
}

static void count_router(fc_counter *c, double layers, bool saves_input) {
    const fc_model *m = c->model;
    double experts = m->experts;
    fc_op *op = fc_rows_matmul(c, "router", layers, experts, c->hidden, 0, 0, m->router_bias ? experts : 0.0);
    op->dtype = c->side_dtype;
    op->row_axes |= SEQUENCE; /* every tensor rank has the whole router */
    if (saves_input) {
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    }
    fc_rows_save_bytes(op, 4.0 * experts, SEQUENCE, FC_SAVED_ALWAYS); /* probabilities in fp32 */
}

/* One of an expert's matmuls, all experts side by side. */
static fc_op *count_expert_matmul(fc_counter *c, const char *name, double layers, double n, double k, uint32_t n_axes,
                                  uint32_t k_axes) {
    const fc_model *m = c->model;
    fc_op *op = fc_rows_matmul(c, name, layers, n, k, n_axes, k_axes, m->expert_bias ? n : 0.0);
    op->groups = m->experts;
    op->rows_per_token = m->experts_per_token;
    op->group_axes = EXPERT;
    op->params_count *= (double)m->experts;
    op->params_axes |= EXPERT;
    return op;
}

/* Without a kernel of its own for it, the bias of an expert's output is scaled by the routing weight and added in 32 bits:
 * numbers of 16 bits moved forward, the product 2 out, the sum 3 in and 2 out, all experts' sums side by side 2 and 2, to 16
 * bits 2 and 1; back half as much again, since bias and routing weight both want gradients (Megatron-Core, experts.py). */
static void count_expert_bias(fc_counter *c, double layers, double width) {
    if (!c->model->expert_bias) {
        return;
    }
    fc_op *op = fc_rows_memory(c, "experts_bias", layers, width, 14.0 * width, 0.0);
    op->group_axes = EXPERT;
    fc_rows_fused(c, op, 14.0 * width, 20.0 * width);
}

/* Tokens are copied to each of their experts and the results weighted and summed. The routing weight is applied inside
 * the expert, before its last matmul, so that no expert output is kept for backward (Megatron-Core does so). */
static void count_experts(fc_counter *c, double layers) {
    const fc_model *m = c->model;
    double visits = m->experts_per_token;
    double width = (double)m->moe_ffn_hidden;
    double wide = fc_rows_ffn_matrices(m) * width;
    double sent = visits * c->hidden;
    fc_op *op = fc_rows_memory(c, "moe_dispatch", layers, sent, 2.0 * sent, 0.0);
    op->row_axes |= SEQUENCE;
    op = count_expert_matmul(c, "experts_up", layers, wide, c->hidden, EXPERT_TENSOR, 0);
    fc_rows_save(c, op, sent, SEQUENCE, FC_SAVED_ALWAYS);
    op = count_activation(c, "experts_act", layers, visits * width);
    op->group_axes = EXPERT;
    op->n_axes = EXPERT_TENSOR;
    op->saved[0].axes = EXPERT_TENSOR;
    op = count_expert_matmul(c, "experts_down", layers, c->hidden, width, 0, EXPERT_TENSOR);
    fc_rows_save(c, op, visits * width, EXPERT_TENSOR, FC_SAVED_ALWAYS);
    count_expert_bias(c, layers, sent);
    op = fc_rows_memory(c, "moe_combine", layers, sent, sent + c->hidden, 2.0 * sent);
    op->row_axes |= SEQUENCE;
    op->workspace_bytes_per_token = op->plain_workspace_bytes_per_token = c->number_bytes * sent;
}

/* Always-on experts side by side are one wider block. Their input is the router's, already kept. */
static void count_shared(fc_counter *c, double layers) {
    const fc_model *m = c->model;
    double width = (double)m->shared_experts * (double)m->shared_ffn_hidden;
    fc_rows_matmul(c, "shared_up", layers, fc_rows_ffn_matrices(m) * width, c->hidden, TENSOR, 0, 0.0);
    count_activation(c, "shared_act", layers, width);
    fc_op *op = fc_rows_matmul(c, "shared_down", layers, c->hidden, width, 0, TENSOR, 0.0);
    fc_rows_save(c, op, width, TENSOR, FC_SAVED_ALWAYS);
    if (m->shared_expert_gate) {
        op = fc_rows_matmul(c, "shared_gate", layers, 1.0, c->hidden, 0, 0, 0.0);
        op->dtype = c->side_dtype;
        op->row_axes |= SEQUENCE;
        fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS); /* what the gate scales */
    }
}

void fc_rows_ffn(fc_counter *c) {
    double dense = c->block_layers[FC_BLOCK_DENSE];
    double moe = c->block_layers[FC_BLOCK_MOE];
    /* Side by side with attention behind one norm, both read one tensor, which attention's rows keep. */
    bool saves_input = !(c->model->parallel_block && c->model->norms_per_layer < 2);
    fc_rows_of(c, ANY_MIXER | NO_MIXER, 1u << FC_BLOCK_DENSE);
    if (dense > 0.0) {
        fc_rows_dense_ffn(c, "mlp_up", "mlp_act", "mlp_down", dense, saves_input);
    }
    fc_rows_of(c, ANY_MIXER | NO_MIXER, 1u << FC_BLOCK_MOE);
    if (moe > 0.0) {
        count_router(c, moe, saves_input);
        count_experts(c, moe);
        if (c->model->shared_experts > 0) {
            count_shared(c, moe);
        }
    }
}
