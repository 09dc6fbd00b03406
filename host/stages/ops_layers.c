/* ops_layers.c: which layers a model has, in the order of the pipeline, and which of them have a row. */
#include "ops_rows.h"

#include <assert.h>

_Static_assert(FC_MAX_PLACED_LAYERS >= 2 * FC_MAX_LAYERS + 64, "encoder, decoder and prediction layers have a place");
_Static_assert(FC_MAX_LAYER_KINDS > FC_MIXER_COUNT * FC_BLOCK_COUNT, "every kind of layer has a number");

static void tell_layer(fc_counter *c, fc_mixer mixer, fc_block block, double layers) {
    c->mixer_layers[mixer] += layers;
    c->block_layers[block] += layers;
    if (mixer == FC_MIXER_NONE) {
        c->lone_block_layers += layers;
    } else if (block == FC_BLOCK_NONE) {
        c->lone_mixer_layers += layers;
    } else {
        c->full_layers += layers;
    }
}

/* Puts layers of one kind behind those that are placed already; a kind is numbered when its first layer comes. */
static void place_layers(fc_ops *ops, uint32_t *number, uint32_t count) {
    if (count == 0) {
        return;
    }
    if (*number == 0) {
        assert(ops->layer_kinds_count < FC_MAX_LAYER_KINDS);
        *number = ++ops->layer_kinds_count;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)ops->layers_count;
        assert(at < FC_MAX_PLACED_LAYERS);
        ops->layer_kind[at] = (uint8_t)(*number - 1);
        ops->layers_count += 1.0;
    }
    ops->kind_layers_count[*number - 1] += count;
}

static void tell_decoder_layers(fc_counter *c, uint32_t layer_index, uint32_t count) {
    fc_mixer mixer = fc_model_mixer(c->model, layer_index);
    fc_block block = fc_model_block(c->model, layer_index);
    tell_layer(c, mixer, block, count);
    place_layers(c->ops, &c->kind_number[mixer][block], count);
}

void fc_rows_place_layers(fc_counter *c) {
    const fc_model *m = c->model;
    place_layers(c->ops, &c->encoder_kind, m->encoder_layers);
    for (uint32_t i = 0; i < m->layers_count; i++) {
        tell_decoder_layers(c, i, 1);
    }
    /* A multi-token-prediction module holds one more layer like the last (DeepSeek-V3, 2412.19437, §2.2). */
    tell_decoder_layers(c, m->layers_count - 1, m->mtp_depth);
}

void fc_rows_of(fc_counter *c, uint32_t mixers, uint32_t blocks) {
    c->row_kinds = 0;
    for (uint32_t mixer = 0; mixer < FC_MIXER_COUNT; ++mixer) {
        for (uint32_t block = 0; block < FC_BLOCK_COUNT; ++block) {
            uint32_t number = c->kind_number[mixer][block];
            if (number > 0 && (mixers >> mixer & 1u) && (blocks >> block & 1u)) {
                c->row_kinds |= 1u << (number - 1);
            }
        }
    }
}

void fc_rows_of_encoder(fc_counter *c) { c->row_kinds = c->encoder_kind > 0 ? 1u << (c->encoder_kind - 1) : 0; }
