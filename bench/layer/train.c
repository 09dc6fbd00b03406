/* train.c: the step's tensors and memory: checked, taken once, filled. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "train_state.h"

#include "../../host/device/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { FC_TRAIN_LINE_BYTES = 64, FC_TRAIN_PAGE_BYTES = 2 << 20 };

/* ---- options ---------------------------------------------------------------------------------------------------- */

static fc_status check_size(const char *name, uint32_t value, uint32_t most, fc_error *error) {
    if (value >= 1 && value <= most) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a training step with %s %u: 1 to %u are possible", name,
                        value, most);
}

static fc_status check_options(const fc_train_options *options, fc_error *error) {
    FC_TRY(check_size("layers", options->layers_count, 1024, error));
    FC_TRY(check_size("hidden", options->hidden, 65536, error));
    FC_TRY(check_size("heads", options->heads, options->hidden, error));
    FC_TRY(check_size("ffn_hidden", options->ffn_hidden, 262144, error));
    FC_TRY(check_size("vocab", options->vocab, 1048576, error));
    FC_TRY(check_size("seq_len", options->seq_len, 65536, error));
    FC_TRY(check_size("batch", options->batch, 65536, error));
    if ((uint64_t)options->batch * options->seq_len > 1048576) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a training step of %u sequences of %u tokens: 1048576 tokens are the most", options->batch,
                            options->seq_len);
    }
    if (options->hidden % options->heads != 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%u heads do not divide a hidden size of %u",
                            options->heads, options->hidden);
    }
    if (options->norm > FC_TRAIN_LAYER || options->mlp > FC_TRAIN_SWIGLU || !(options->learning_rate >= 0.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "no such norm, MLP or learning rate");
    }
    return FC_OK;
}

/* ---- trained tensors -------------------------------------------------------------------------------------------- */

static size_t add_tensor(fc_train *train, const char *name, int layer, size_t rows, size_t columns, uint32_t decays) {
    fc_train_tensor *tensor = &train->tensors[train->tensors_count++];
    if (layer >= 0) {
        snprintf(tensor->name, sizeof tensor->name, "layer%d.%s", layer, name);
    } else {
        snprintf(tensor->name, sizeof tensor->name, "%s", name);
    }
    tensor->offset = train->weights_count;
    tensor->size = rows * columns;
    tensor->decays = decays;
    /* whole lines, so that no vector straddles two tensors; what lies between is trained by nobody */
    train->weights_count += (tensor->size + FC_LANES - 1) / FC_LANES * FC_LANES;
    return tensor->offset;
}

static fc_train_scale add_norm(fc_train *train, const char *scale, const char *shift, int layer) {
    fc_train_scale out;
    out.scale = add_tensor(train, scale, layer, 1, train->options.hidden, 0);
    out.shift = out.scale;
    if (train->options.norm == FC_TRAIN_LAYER) {
        out.shift = add_tensor(train, shift, layer, 1, train->options.hidden, 0);
    }
    return out;
}

static void add_tensors(fc_train *train) {
    const fc_train_options *o = &train->options;
    train->tensors_count = 0;
    train->weights_count = 0;
    train->token_table = add_tensor(train, "tokens", -1, o->vocab, o->hidden, 1);
    train->position_table = add_tensor(train, "positions", -1, o->seq_len, o->hidden, 1);
    for (uint32_t i = 0; i < o->layers_count; i++) {
        fc_train_layer *layer = &train->layers[i];
        layer->attention_norm = add_norm(train, "attention_scale", "attention_shift", (int)i);
        layer->qkv = add_tensor(train, "qkv", (int)i, 3 * (size_t)o->hidden, o->hidden, 1);
        layer->out = add_tensor(train, "out", (int)i, o->hidden, o->hidden, 1);
        layer->mlp_norm = add_norm(train, "mlp_scale", "mlp_shift", (int)i);
        layer->up = add_tensor(train, "up", (int)i, train->wide, o->hidden, 1);
        layer->down = add_tensor(train, "down", (int)i, o->hidden, o->ffn_hidden, 1);
    }
    train->final_norm = add_norm(train, "final_scale", "final_shift", -1);
    train->output_matrix = add_tensor(train, "output", -1, o->vocab, o->hidden, 1);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* The next `bytes` of the one piece; NULL while only counting. */
static void *place(fc_train *train, size_t *used, size_t bytes) {
    unsigned char *at = train->memory != NULL ? train->memory + *used : NULL;
    *used += (bytes + FC_TRAIN_LINE_BYTES - 1) / FC_TRAIN_LINE_BYTES * FC_TRAIN_LINE_BYTES;
    return at;
}

static fc_real *place_reals(fc_train *train, size_t *used, size_t count) {
    return place(train, used, count * sizeof(fc_real));
}

static void place_layer(fc_train *train, size_t *used, fc_train_layer *layer) {
    const fc_train_options *o = &train->options;
    size_t stream = train->tokens_count * o->hidden;
    layer->input = place_reals(train, used, stream);
    layer->normed = place_reals(train, used, stream);
    layer->stats = place_reals(train, used, 2 * train->tokens_count);
    layer->queries = place_reals(train, used, 3 * stream);
    layer->shares = place_reals(train, used, train->tokens_count * o->seq_len * o->heads);
    layer->values = place_reals(train, used, stream);
    layer->middle = place_reals(train, used, stream);
    layer->middle_normed = place_reals(train, used, stream);
    layer->middle_stats = place_reals(train, used, 2 * train->tokens_count);
    layer->wide = place_reals(train, used, train->tokens_count * train->wide);
    layer->active = place_reals(train, used, train->tokens_count * o->ffn_hidden);
}

size_t fc_train_layout(fc_train *train) {
    const fc_train_options *o = &train->options;
    size_t used = 0;
    size_t stream = train->tokens_count * o->hidden;
    train->weights = place_reals(train, &used, train->weights_count);
    train->gradients = place_reals(train, &used, train->weights_count);
    train->first_moments = place_reals(train, &used, train->weights_count);
    train->second_moments = place_reals(train, &used, train->weights_count);
    for (uint32_t i = 0; i < o->layers_count; i++) {
        place_layer(train, &used, &train->layers[i]);
    }
    train->last = place_reals(train, &used, stream);
    train->last_normed = place_reals(train, &used, stream);
    train->last_stats = place_reals(train, &used, 2 * train->tokens_count);
    train->logits = place_reals(train, &used, train->tokens_count * o->vocab);
    train->stream_grad = place_reals(train, &used, stream);
    train->normed_grad = place_reals(train, &used, stream);
    train->queries_grad = place_reals(train, &used, 3 * stream);
    train->active_grad = place_reals(train, &used, train->tokens_count * o->ffn_hidden);
    size_t square = (size_t)o->seq_len * o->seq_len;
    size_t pair = 2 * (size_t)o->hidden;
    train->scratch_stride = ((square > pair ? square : pair) + FC_LANES - 1) / FC_LANES * FC_LANES;
    train->scratch = place_reals(train, &used, train->scratch_stride * o->threads);
    train->losses = place(train, &used, o->threads * sizeof *train->losses);
    train->inputs = place(train, &used, train->tokens_count * sizeof *train->inputs);
    train->targets = place(train, &used, train->tokens_count * sizeof *train->targets);
    return used;
}

static void set_sizes(fc_train *train, const fc_train_options *options) {
    train->options = *options;
    train->tokens_count = (size_t)options->batch * options->seq_len;
    train->head_dim = options->hidden / options->heads;
    train->wide = (size_t)options->ffn_hidden * (options->mlp == FC_TRAIN_SWIGLU ? 2 : 1);
}

double fc_train_bytes(const fc_train_options *options) {
    fc_train_layer *layers = calloc(options->layers_count, sizeof *layers);
    fc_train_tensor *tensors = calloc(10 * (size_t)options->layers_count + 8, sizeof *tensors);
    double bytes = 0.0;
    if (layers != NULL && tensors != NULL) {
        fc_train train = {.layers = layers, .tensors = tensors};
        set_sizes(&train, options);
        add_tensors(&train);
        bytes = (double)fc_train_layout(&train);
    }
    free(layers);
    free(tensors);
    return bytes;
}

/* ---- open and close --------------------------------------------------------------------------------------------- */

/* Matrices uniform with deviation 0.02, those that end in the stream smaller with depth (GPT-2's choice); scales 1. */
static void fill_tensor(fc_train *train, const fc_train_tensor *tensor, uint64_t seed) {
    fc_real *weights = train->weights + tensor->offset;
    if (!tensor->decays) {
        int is_scale = strstr(tensor->name, "scale") != NULL;
        for (size_t i = 0; i < tensor->size; i++) {
            weights[i] = is_scale ? 1 : 0;
        }
        return;
    }
    double spread = 0.02 * sqrt(3.0);
    const char *dot = strchr(tensor->name, '.');
    if (dot != NULL && (strcmp(dot, ".out") == 0 || strcmp(dot, ".down") == 0)) {
        spread /= sqrt(2.0 * train->options.layers_count);
    }
    for (size_t i = 0; i < tensor->size; i++) {
        weights[i] = (fc_real)(spread * (double)fc_random_f32(seed, tensor->offset + i));
    }
}

static void train_fill_slice(void *context, uint32_t index, uint32_t count) {
    fc_train *train = context;
    for (uint32_t i = index; i < train->tensors_count; i += count) {
        fill_tensor(train, &train->tensors[i], train->options.seed);
    }
}

static void fill_tokens(fc_train *train) {
    uint64_t seed = train->options.seed + 1;
    for (size_t t = 0; t < train->tokens_count; t++) {
        train->inputs[t] = (uint32_t)(fc_random_bits(seed, t) % train->options.vocab);
        train->targets[t] = (uint32_t)(fc_random_bits(seed, train->tokens_count + t) % train->options.vocab);
    }
}

static fc_status take_memory(fc_train *train, fc_error *error) {
    size_t bytes = fc_train_layout(train);
    uint64_t most = train->options.most_bytes;
    if (most > 0 && bytes > most) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                            "this training step takes %.3g GiB, and %.3g GiB are the most: fewer layers, a smaller "
                            "batch or vocabulary take less",
                            (double)bytes / 0x1p30, (double)most / 0x1p30);
    }
    size_t pages = (bytes + FC_TRAIN_PAGE_BYTES - 1) / FC_TRAIN_PAGE_BYTES * FC_TRAIN_PAGE_BYTES;
    train->memory = aligned_alloc(FC_TRAIN_PAGE_BYTES, pages);
    if (train->memory == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a training step of %.3g GiB",
                            (double)bytes / 0x1p30);
    }
    (void)madvise(train->memory, pages, MADV_HUGEPAGE); /* a wish */
    memset(train->memory, 0, bytes);
    (void)fc_train_layout(train);
    return FC_OK;
}

static fc_status build(fc_train *train, const fc_train_options *options, fc_error *error) {
    train->layers = calloc(options->layers_count, sizeof *train->layers);
    train->tensors = calloc(10 * (size_t)options->layers_count + 8, sizeof *train->tensors);
    if (train->layers == NULL || train->tensors == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a training step");
    }
    set_sizes(train, options);
    add_tensors(train);
    FC_TRY(fc_pool_open(&train->pool, options->threads, error));
    FC_TRY(take_memory(train, error));
    fc_pool_run(train->pool, train_fill_slice, train);
    fill_tokens(train);
    return FC_OK;
}

fc_status fc_train_open(fc_train **out, const fc_train_options *options, fc_error *error) {
    FC_TRY(check_options(options, error));
    fc_train *train = calloc(1, sizeof *train);
    if (train == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a training step");
    }
    fc_status status = build(train, options, error);
    if (status != FC_OK) {
        fc_train_close(train);
        return status;
    }
    *out = train;
    return FC_OK;
}

void fc_train_close(fc_train *train) {
    if (train == NULL) {
        return;
    }
    fc_pool_close(train->pool);
    free(train->memory);
    free(train->tensors);
    free(train->layers);
    free(train);
}

/* ---- what tests look at ----------------------------------------------------------------------------------------- */

uint32_t fc_train_tensors_count(const fc_train *train) { return train->tensors_count; }

const char *fc_train_tensor_name(const fc_train *train, uint32_t tensor) { return train->tensors[tensor].name; }

size_t fc_train_tensor_size(const fc_train *train, uint32_t tensor) { return train->tensors[tensor].size; }

double fc_train_weight(const fc_train *train, uint32_t tensor, size_t index) {
    return (double)train->weights[train->tensors[tensor].offset + index];
}

double fc_train_gradient(const fc_train *train, uint32_t tensor, size_t index) {
    return (double)train->gradients[train->tensors[tensor].offset + index];
}

void fc_train_set_weight(fc_train *train, uint32_t tensor, size_t index, double value) {
    train->weights[train->tensors[tensor].offset + index] = (fc_real)value;
}
