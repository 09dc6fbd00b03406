/* ops_encoder.c: an encoder of the decoder's sizes, and the decoder's cross-attention (T5, 1910.10683).
 *
 * Rows count per token of the decoder's sequence: encoder rows have encoder_ratio rows a token.
 */
#include "ops_rows.h"

static fc_op *count_residual(fc_counter *c, const char *name, double instances) {
    fc_op *op = fc_rows_memory(c, name, instances, c->hidden, 3.0 * c->hidden, 0.0);
    op->row_axes |= SEQUENCE;
    fc_rows_save_bytes(op, c->hidden, SEQUENCE, FC_SAVED_IF_DROPOUT);
    return op;
}

/* Every query of the encoder sees every key. */
static void count_encoder_layers(fc_counter *c) {
    const fc_model *m = c->model;
    double layers = m->encoder_layers;
    double qkv = (double)m->heads * c->qk_dim + c->kv_heads * (c->qk_dim + c->v_dim);
    double values = (double)m->heads * c->v_dim;
    fc_op *op = fc_rows_norm(c, "enc_attn_norm", layers, c->hidden);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_LAYER_INPUT);
    op = fc_rows_matmul(c, "enc_attn_qkv", layers, qkv, c->hidden, TENSOR, 0, m->qkv_bias ? qkv : 0.0);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    fc_rows_core(c, "enc_attn_core", layers, (double)m->encoder_seq_len, (double)m->encoder_seq_len);
    op = fc_rows_matmul(c, "enc_attn_out", layers, c->hidden, values, 0, TENSOR,
                        m->attention_out_bias ? c->hidden : 0.0);
    fc_rows_save(c, op, values, TENSOR, FC_SAVED_ALWAYS);
    op = fc_rows_norm(c, "enc_mlp_norm", layers, c->hidden);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    fc_rows_dense_ffn(c, "enc_mlp_up", "enc_mlp_act", "enc_mlp_down", layers, true);
    count_residual(c, "enc_residual", 2.0 * layers);
}

/* Queries from the decoder, keys and values from the encoder's output, which is kept once for all layers. */
static void count_cross_attention(fc_counter *c) {
    const fc_model *m = c->model;
    double layers = m->layers_count;
    double queries = (double)m->heads * c->qk_dim;
    double keys_values = c->kv_heads * (c->qk_dim + c->v_dim);
    double values = (double)m->heads * c->v_dim;
    fc_op *op = fc_rows_norm(c, "cross_norm", layers, c->hidden);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    op = fc_rows_matmul(c, "cross_q", layers, queries, c->hidden, TENSOR, 0, m->qkv_bias ? queries : 0.0);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    uint32_t first = c->ops->ops_count;
    fc_rows_matmul(c, "cross_kv", layers, keys_values, c->hidden, TENSOR, 0, m->qkv_bias ? keys_values : 0.0);
    fc_rows_scale_to_encoder(c, first);
    fc_rows_core(c, "cross_core", layers, (double)m->encoder_seq_len, (double)m->encoder_seq_len);
    op = fc_rows_matmul(c, "cross_out", layers, c->hidden, values, 0, TENSOR, m->attention_out_bias ? c->hidden : 0.0);
    fc_rows_save(c, op, values, TENSOR, FC_SAVED_ALWAYS);
    count_residual(c, "cross_residual", layers);
}

void fc_rows_encoder(fc_counter *c) {
    uint32_t first = c->ops->ops_count;
    fc_rows_of_encoder(c);
    fc_op *op = fc_rows_memory(c, "enc_embedding", 1.0, c->hidden, 2.0 * c->hidden, 0.0);
    op->place = FC_PLACE_FIRST;
    op->n_axes = TENSOR;
    fc_rows_save_bytes(op, c->hidden, SEQUENCE, FC_SAVED_IF_DROPOUT);
    count_encoder_layers(c);
    op = fc_rows_norm(c, "enc_final_norm", 1.0, c->hidden);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_ALWAYS);
    fc_rows_save(c, op, c->hidden, SEQUENCE, FC_SAVED_LAYER_INPUT); /* what all of the decoder's layers look at */
    fc_rows_scale_to_encoder(c, first);
    fc_rows_of(c, ANY_MIXER | NO_MIXER, ANY_BLOCK | NO_BLOCK);
    count_cross_attention(c);
}
