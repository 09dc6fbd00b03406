/* schedule_order.c: in which order a rank of a pipeline does its work, schedule by schedule.
 *
 * The orders are the authors' own: Megatron-LM's for 1F1B and interleaving (2104.04473), the handcrafted one of
 * 2401.10241 (section 2.2) for ZB-H1, the eight steps of DeepSeek's published DualPipe.
 */
#include "schedule_order.h"

#include <stdbool.h>

/* A list that grows, and what DualPipe has to remember while it does. */
typedef struct order {
    fc_work *works;
    size_t count;
    int32_t forwards[2];  /* started so far, by direction */
    int32_t backwards[2]; /* the same */
    size_t weights_done;  /* weight gradients put off and made up for since */
    bool second_half;     /* the rank lies in the second half, which calls the directions the other way round */
} order;

static int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

static void add(order *o, uint32_t does, int32_t chunk, int32_t batch) {
    o->works[o->count++] = (fc_work){does, chunk, batch, chunk, batch};
}

size_t fc_schedule_most_work(fc_schedule schedule, const fc_hd_pipeline *pipeline) {
    size_t chunks = schedule == FC_SCHEDULE_INTERLEAVED ? (size_t)pipeline->chunks : 1;
    return 3 * chunks * (size_t)pipeline->micro_batches;
}

static void order_gpipe(order *o, const fc_hd_pipeline *pipe) {
    for (int32_t k = 0; k < pipe->micro_batches; ++k) {
        add(o, FC_DO_FORWARD, 0, k);
    }
    for (int32_t k = 0; k < pipe->micro_batches; ++k) {
        add(o, FC_DO_INPUT | FC_DO_WEIGHT, 0, k);
    }
}

static void order_1f1b(order *o, const fc_hd_pipeline *pipe, int32_t rank) {
    int32_t ahead = lesser(pipe->stages - 1 - rank, pipe->micro_batches);
    for (int32_t k = 0; k < ahead; ++k) {
        add(o, FC_DO_FORWARD, 0, k);
    }
    for (int32_t k = 0; k < pipe->micro_batches; ++k) {
        if (k + ahead < pipe->micro_batches) {
            add(o, FC_DO_FORWARD, 0, k + ahead);
        }
        add(o, FC_DO_INPUT | FC_DO_WEIGHT, 0, k);
    }
}

/* As 1F1B, but rank r does the weight gradients r micro-batches late, so that all ranks hold as much as the first, and
 * has r of them left for the time in which the last input gradients climb to the first rank. */
static void order_zero_bubble(order *o, const fc_hd_pipeline *pipe, int32_t rank) {
    int32_t batches = pipe->micro_batches;
    int32_t ahead = lesser(pipe->stages - 1 - rank, batches);
    for (int32_t k = 0; k < ahead; ++k) {
        add(o, FC_DO_FORWARD, 0, k);
    }
    for (int32_t k = 0; k < batches; ++k) {
        if (k + ahead < batches) {
            add(o, FC_DO_FORWARD, 0, k + ahead);
        }
        add(o, FC_DO_INPUT, 0, k);
        if (k >= rank) {
            add(o, FC_DO_WEIGHT, 0, k - rank);
        }
    }
    for (int32_t k = greater(0, batches - rank); k < batches; ++k) {
        add(o, FC_DO_WEIGHT, 0, k);
    }
}

/* The slot-th forward or backward of a rank: groups of as many micro-batches as there are ranks go through the chunks in
 * turn. */
static void add_slot(order *o, const fc_hd_pipeline *pipe, int32_t slot, uint32_t does) {
    int32_t group = slot / (pipe->stages * pipe->chunks);
    int32_t within = slot % (pipe->stages * pipe->chunks);
    int32_t chunk = within / pipe->stages;
    int32_t batch = group * pipe->stages + within % pipe->stages;
    add(o, does, does == FC_DO_FORWARD ? chunk : pipe->chunks - 1 - chunk, batch);
}

static void order_interleaved(order *o, const fc_hd_pipeline *pipe, int32_t rank) {
    int32_t slots = pipe->micro_batches * pipe->chunks;
    int32_t ahead = lesser(2 * (pipe->stages - 1 - rank) + (pipe->chunks - 1) * pipe->stages, slots);
    for (int32_t slot = 0; slot < ahead; ++slot) {
        add_slot(o, pipe, slot, FC_DO_FORWARD);
    }
    for (int32_t slot = 0; slot < slots; ++slot) {
        if (slot + ahead < slots) {
            add_slot(o, pipe, slot + ahead, FC_DO_FORWARD);
        }
        add_slot(o, pipe, slot, FC_DO_INPUT | FC_DO_WEIGHT);
    }
}

/* ---- DualPipe ---------------------------------------------------------------------------------------------------- */

static int32_t way(const order *o, int32_t phase) { return o->second_half ? 1 - phase : phase; }

static void forward(order *o, int32_t phase) {
    int32_t chunk = way(o, phase);
    add(o, FC_DO_FORWARD, chunk, o->forwards[chunk]++);
}

static void backward(order *o, int32_t phase, bool put_off) {
    int32_t chunk = way(o, phase);
    add(o, put_off ? FC_DO_INPUT : FC_DO_INPUT | FC_DO_WEIGHT, chunk, o->backwards[chunk]++);
}

static void pair(order *o, int32_t forward_phase) {
    int32_t there = way(o, forward_phase);
    int32_t back = 1 - there;
    o->works[o->count++] =
        (fc_work){FC_DO_FORWARD | FC_DO_INPUT | FC_DO_WEIGHT, there, o->forwards[there]++, back, o->backwards[back]++};
}

/* The weight gradient that was put off first of those still open. */
static void weight(order *o) {
    size_t put_off = 0;
    for (size_t i = 0; i < o->count; ++i) {
        if (o->works[i].does == FC_DO_INPUT && put_off++ == o->weights_done) {
            ++o->weights_done;
            add(o, FC_DO_WEIGHT, o->works[i].backward_chunk, o->works[i].backward_batch);
            return;
        }
    }
}

static void dualpipe_begin(order *o, int32_t half, int32_t depth) {
    for (int32_t i = 0; i < 2 * (half - depth - 1); ++i) {
        forward(o, 0);
    }
    for (int32_t i = 0; i < depth + 1; ++i) {
        forward(o, 0);
        forward(o, 1);
    }
    for (int32_t i = 0; i < half - depth - 1; ++i) {
        backward(o, 1, true);
        weight(o);
        forward(o, 1);
    }
}

static void dualpipe_end(order *o, int32_t half, int32_t depth) {
    for (int32_t i = 0; i < half - depth - 1; ++i) {
        backward(o, 1, false);
        pair(o, 1);
    }
    bool put_off = false;
    for (int32_t i = 0; i < depth + 1; ++i) {
        put_off = put_off || (i == (depth + 1) / 2 && depth % 2 == 1);
        backward(o, 1, put_off);
        put_off = put_off || i == (depth + 1) / 2;
        backward(o, 0, put_off);
    }
    for (int32_t i = 0; i < half - depth - 1; ++i) {
        weight(o);
        backward(o, 0, true);
    }
    for (int32_t i = 0; i < depth + 1; ++i) {
        weight(o);
    }
}

static void order_dualpipe(order *o, const fc_hd_pipeline *pipe, int32_t rank) {
    int32_t half = pipe->stages / 2;
    int32_t depth = lesser(rank, pipe->stages - 1 - rank);
    o->second_half = rank >= half;
    dualpipe_begin(o, half, depth);
    for (int32_t i = 0; i < pipe->micro_batches / 2 - pipe->stages + depth + 1; ++i) {
        if (i == 0 && depth == half - 1) { /* the two ranks in the middle have nothing to overlap yet */
            forward(o, 0);
            backward(o, 1, false);
        } else {
            pair(o, 0);
        }
        pair(o, 1);
    }
    dualpipe_end(o, half, depth);
}

size_t fc_schedule_order(fc_work *out, fc_schedule schedule, const fc_hd_pipeline *pipeline, int32_t rank) {
    order o = {.works = out};
    switch (schedule) {
    case FC_SCHEDULE_GPIPE:
        order_gpipe(&o, pipeline);
        break;
    case FC_SCHEDULE_INTERLEAVED:
        if (pipeline->chunks > 1) {
            order_interleaved(&o, pipeline, rank);
        } else {
            order_1f1b(&o, pipeline, rank);
        }
        break;
    case FC_SCHEDULE_ZERO_BUBBLE:
        order_zero_bubble(&o, pipeline, rank);
        break;
    case FC_SCHEDULE_DUALPIPE:
        order_dualpipe(&o, pipeline, rank);
        break;
    default:
        order_1f1b(&o, pipeline, rank);
        break;
    }
    return o.count;
}
