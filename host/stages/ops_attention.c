/* ops_attention.c: queries, keys, values, the attention core and its output. */
#include "ops_rows.h"

#include <math.h> /* floor */

double fc_rows_attention_layers(const fc_counter *c) {
    return c->mixer_layers[FC_MIXER_GLOBAL] + c->mixer_layers[FC_MIXER_WINDOW] + c->mixer_layers[FC_MIXER_CHUNK];
}

/* Average number of keys a query of a causal sequence sees. */
static double causal_keys(double seq_len) { return (seq_len + 1.0) / 2.0; }

/* Query i, from 1, sees min(i, window) keys, itself among them. */
static double window_keys(double seq_len, double window) {
    if (window >= seq_len) {
        return causal_keys(seq_len);
    }
    return (window * (window + 1.0) / 2.0 + (seq_len - window) * window) / seq_len;
}

/* Whole chunks of causal attention, and what is left at the end. */
static double chunk_keys(double seq_len, double chunk) {
    double whole = floor(seq_len / chunk);
    double rest = seq_len - whole * chunk;
    return (whole * chunk * (chunk + 1.0) / 2.0 + rest * (rest + 1.0) / 2.0) / seq_len;
}

/* Scores and weighted values. A fused pass reads q, k, v and writes the output; plain attention also writes and reads
 * the scores and writes and reads their softmax, masked half included: 4 numbers a head and key. What it keeps for
 * backward is Korthikanti's 5as (2205.05198, §4.1): softmax, dropout mask, dropped-out softmax. */
void fc_rows_core(fc_counter *c, const char *name, double instances, double mean_keys, double full_keys) {
    if (instances <= 0.0) {
        return;
    }
    double heads = c->model->heads;
    double qkv = heads * c->qk_dim + c->kv_heads * (c->qk_dim + c->v_dim);
    fc_op *op = fc_rows_add(c, name, FC_OP_ATTENTION, instances);
    op->dtype = c->side_dtype;
    op->n = heads * (c->qk_dim + c->v_dim);
    op->k = mean_keys;
    op->n_axes = TENSOR;
    op->full_flop_per_token = 2.0 * op->n * full_keys;
    op->extra_bytes_per_token = c->number_bytes * (qkv + heads * c->v_dim);
    op->extra_unfused_bytes_per_token = c->number_bytes * 4.0 * heads * full_keys;
    op->pass = FC_PASS_SOFTMAX;
    /* Eager, of plain attention: the product's scores are scaled, copied, masked in place (the mask is a byte a score) and
     * softened; back: the gradient of the shares, of the softmax, of the mask's copy, of the scale. */
    double scores = heads * full_keys;
    /* Fused, on a processor: the softmax of the keys that are seen, in place; back reads both and writes one. */
    fc_rows_fused(c, op, 2.0 * heads * mean_keys, 0.0);
    op->fused_backward = (fc_passes){3.0 * heads * mean_keys * c->number_bytes, 0, 0, 1};
    fc_rows_eager(c, op, scores, (fc_numbers){6.25 * scores, 2.0 * scores, 4, 4}, (fc_numbers){9.25 * scores, 0, 4, 5});
    op->params_count = c->model->attention_sinks ? heads : 0.0;
    op->params_axes = TENSOR;
    /* Backward, while the core runs: plain, the gradients of the softmax and of the scores; flash, the sum of the queries'
     * gradient and one number a query, in fp32 (Dao 2307.08691, algorithm 2). */
    op->plain_workspace_bytes_per_token = 2.0 * c->number_bytes * heads * full_keys;
    op->workspace_bytes_per_token = 4.0 * heads * (c->qk_dim + 1.0);
    uint32_t plain = FC_SAVED_IF_PLAIN_ATTENTION | FC_SAVED_UNTIL_SELECTIVE;
    fc_rows_save(c, op, qkv, TENSOR, FC_SAVED_ALWAYS);
    fc_rows_save(c, op, heads * full_keys, TENSOR, plain);
    fc_rows_save_bytes(op, (c->number_bytes + 1.0) * heads * full_keys, TENSOR, plain | FC_SAVED_IF_DROPOUT);
    /* One fp32 logarithm a head and query (Dao et al. 2205.14135). */
    fc_rows_save_bytes(op, 4.0 * heads, TENSOR, FC_SAVED_IF_FLASH_ATTENTION);
}

/* Low-rank queries, keys and values (DeepSeek-V2, 2405.04434, §2.1). The down-projections are small and every tensor
 * rank does them whole; sequence parallelism divides their rows. */
static void count_latent(fc_counter *c, double layers) {
    const fc_model *m = c->model;
    double bias = m->qkv_bias ? 1.0 : 0.0;
    double gate = m->attention_gate ? (double)m->heads * c->v_dim : 0.0;
    double queries = (double)m->heads * c->qk_dim + gate;
    double query_rank = m->q_lora_rank;
    double kv_rank = m->kv_lora_rank;
    fc_op *op = NULL;
    if (m->q_lora_rank > 0) {
        op = fc_rows_matmul(c, "attn_q_down", layers, query_rank, c->hidden, 0, 0, bias * query_rank);
        op->row_axes |= SEQUENCE;
    }
    op = fc_rows_matmul(c, "attn_q_up", layers, queries, query_rank > 0.0 ? query_rank : c->hidden, TENSOR, 0, 0.0);
    fc_rows_save(c, op, query_rank, SEQUENCE, FC_SAVED_ALWAYS);
    double latent = kv_rank + m->qk_rope_head_dim;
    op = fc_rows_matmul(c, "attn_kv_down", layers, latent, c->hidden, 0, 0, bias * latent);
    op->row_axes |= SEQUENCE;
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS); /* the one input of both down-projections */
    op = fc_rows_matmul(c, "attn_kv_up", layers, m->heads * ((double)m->qk_nope_head_dim + c->v_dim), kv_rank, TENSOR,
                        0, 0.0);
    fc_rows_save(c, op, kv_rank, SEQUENCE, FC_SAVED_ALWAYS);
    op = fc_rows_norm(c, "latent_norm", layers, query_rank + kv_rank);
    fc_rows_save(c, op, query_rank + latent, SEQUENCE, FC_SAVED_ALWAYS);
}

static void count_grouped(fc_counter *c, double layers) {
    const fc_model *m = c->model;
    double qkv = (double)m->heads * c->qk_dim + c->kv_heads * (c->qk_dim + c->v_dim);
    double gate = m->attention_gate ? (double)m->heads * c->v_dim : 0.0;
    fc_op *op = fc_rows_matmul(c, "attn_qkv", layers, qkv + gate, c->hidden, TENSOR, 0, m->qkv_bias ? qkv + gate : 0.0);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
}

/* Norm and rotation of queries and keys. */
static void count_query_key_passes(fc_counter *c, double layers) {
    const fc_model *m = c->model;
    double width = (m->heads + c->kv_heads) * c->qk_dim;
    if (m->qk_norm > 0) {
        fc_op *op = fc_rows_memory(c, "qk_norm", layers, width, 2.0 * width, 5.0 * width);
        op->n_axes = TENSOR;
        op->params_count = m->qk_norm == 1 ? 2.0 * c->qk_dim : width;
        fc_rows_save(c, op, width, TENSOR, FC_SAVED_ALWAYS);
    }
    if (m->position == FC_POSITION_ROPE) {
        double turned = width;
        if (m->attention == FC_ATTENTION_MLA) {
            turned = ((double)m->heads + 1.0) * m->qk_rope_head_dim; /* one rotated key for all heads */
        }
        /* One operation a pass: half-turn, times cosine, times sine, sum: 9 numbers moved for 2. */
        fc_op *op = fc_rows_memory(c, "rope", layers, turned, 2.0 * turned, 7.0 * turned);
        op->n_axes = TENSOR;
    }
}

static void count_output(fc_counter *c, double layers) {
    const fc_model *m = c->model;
    double values = (double)m->heads * c->v_dim;
    if (m->attention_gate) {
        fc_op *gate = fc_rows_memory(c, "attn_gate", layers, values, 3.0 * values, 2.0 * values);
        gate->n_axes = TENSOR;
        fc_rows_save(c, gate, 2.0 * values, TENSOR, FC_SAVED_ALWAYS); /* the gate, and what it gates */
    }
    fc_op *op =
        fc_rows_matmul(c, "attn_out", layers, c->hidden, values, 0, TENSOR, m->attention_out_bias ? c->hidden : 0.0);
    /* Eager: queries, keys, values and their weighted sum change between row order and head order by copies; back the same
     * for their gradients, and the three are joined to one. */
    double h = values;
    op->eager_forward.stream_bytes_per_token += 8.0 * h * c->number_bytes;
    op->eager_forward.kernels_count += 4.0;
    op->eager_backward.stream_bytes_per_token += 14.0 * h * c->number_bytes;
    op->eager_backward.kernels_count += 8.0;
    fc_rows_save(c, op, values, TENSOR, FC_SAVED_ALWAYS);
}

void fc_rows_attention(fc_counter *c) {
    const fc_model *m = c->model;
    double layers = fc_rows_attention_layers(c);
    if (layers <= 0.0) {
        return;
    }
    fc_rows_of(c, ATTENTION_MIXERS, ANY_BLOCK | NO_BLOCK);
    if (m->attention == FC_ATTENTION_MLA) {
        count_latent(c, layers);
    } else {
        count_grouped(c, layers);
    }
    count_query_key_passes(c, layers);
    double s = c->seq_len;
    double window = (double)m->window;
    fc_rows_of(c, 1u << FC_MIXER_GLOBAL, ANY_BLOCK | NO_BLOCK);
    fc_rows_core(c, "attn_core", c->mixer_layers[FC_MIXER_GLOBAL], causal_keys(s), s);
    fc_rows_of(c, 1u << FC_MIXER_WINDOW, ANY_BLOCK | NO_BLOCK);
    fc_rows_core(c, "attn_core_window", c->mixer_layers[FC_MIXER_WINDOW], window_keys(s, window), s);
    fc_rows_of(c, 1u << FC_MIXER_CHUNK, ANY_BLOCK | NO_BLOCK);
    fc_rows_core(c, "attn_core_chunk", c->mixer_layers[FC_MIXER_CHUNK], window > 0.0 ? chunk_keys(s, window) : 0.0, s);
    fc_rows_of(c, ATTENTION_MIXERS, ANY_BLOCK | NO_BLOCK);
    count_output(c, layers);
}
