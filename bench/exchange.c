/* exchange.c: fill, exchange, check; then barrier, exchange, slowest rank. */
#include "exchange.h"

#include "../host/device/machine.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is sent, and what must come of it --------------------------------------------------------------------- */

/* Whole numbers from 0 to 31, scattered by a multiplication (Knuth's and xxHash's odd constants). */
static uint32_t scattered(uint32_t value, uint32_t factor) { return (value * factor) >> 27; }
static double of_place(size_t place) { return (double)scattered((uint32_t)place, 2654435761U); }
static double of_rank(uint32_t rank) { return (double)scattered(rank, 2246822519U); }

/* Element `place` of what a rank sends: never zero, at most 63. A sum over ranks has a closed form, so that the check
 * costs the same on two ranks and on many. */
static double sent(uint32_t rank, size_t place) { return 1.0 + of_place(place) + of_rank(rank); }

static double sum_of_ranks(uint32_t count) {
    double sum = 0.0;
    for (uint32_t rank = 0; rank < count; rank++) {
        sum += 1.0 + of_rank(rank);
    }
    return sum;
}

static size_t sent_elements(const fc_exchange *exchange) {
    return exchange->op == FC_COLLECTIVE_ALL_GATHER ? exchange->elements / exchange->ranks->count : exchange->elements;
}

static size_t received_elements(const fc_exchange *exchange) {
    return exchange->op == FC_COLLECTIVE_REDUCE_SCATTER ? exchange->elements / exchange->ranks->count
                                                        : exchange->elements;
}

/* What must stand at `place` of this rank's receive buffer. */
static double expected(const fc_exchange *exchange, size_t place, double rank_sum) {
    const fc_ranks *ranks = exchange->ranks;
    size_t piece = exchange->elements / ranks->count;
    switch (exchange->op) {
    case FC_COLLECTIVE_ALL_REDUCE:
        return (double)ranks->count * of_place(place) + rank_sum;
    case FC_COLLECTIVE_REDUCE_SCATTER:
        return (double)ranks->count * of_place(ranks->rank * piece + place) + rank_sum;
    case FC_COLLECTIVE_ALL_GATHER:
        return sent((uint32_t)(place / piece), place % piece);
    case FC_COLLECTIVE_ALL_TO_ALL:
        return sent((uint32_t)(place / piece), ranks->rank * piece + place % piece);
    default: /* a ring */
        return sent((ranks->rank + ranks->count - 1U) % ranks->count, place);
    }
}

static void fill(fc_exchange *exchange) {
    for (size_t i = 0; i < sent_elements(exchange); i++) {
        exchange->send[i] = (float)sent(exchange->ranks->rank, i);
    }
    /* What nothing arrived at must not pass for right. */
    for (size_t i = 0; i < received_elements(exchange); i++) {
        exchange->receive[i] = NAN;
    }
}

static fc_status check(const fc_exchange *exchange, fc_error *error) {
    double rank_sum = sum_of_ranks(exchange->ranks->count);
    for (size_t i = 0; i < received_elements(exchange); i++) {
        double wanted = expected(exchange, i, rank_sum);
        double found = (double)exchange->receive[i];
        if (!(found >= wanted && found <= wanted)) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0,
                                "%s of %zu bytes among %u ranks is wrong: element %zu is %g, right is %g; a library "
                                "or a network that changes data is not worth timing",
                                fc_collective_op_name((fc_collective_op)exchange->op),
                                exchange->elements * sizeof(float), exchange->ranks->count, i, found, wanted);
        }
    }
    return FC_OK;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool has_pieces(fc_collective_op op) {
    return op == FC_COLLECTIVE_ALL_GATHER || op == FC_COLLECTIVE_REDUCE_SCATTER || op == FC_COLLECTIVE_ALL_TO_ALL;
}

double fc_exchange_bytes(fc_collective_op op, uint32_t ranks, double wanted_bytes) {
    double grain_bytes = sizeof(float) * (has_pieces(op) ? (double)ranks : 1.0);
    double grains = ceil(wanted_bytes / grain_bytes);
    return grain_bytes * (grains > 1.0 ? grains : 1.0);
}

fc_status fc_exchange_open(fc_exchange *out, const fc_ranks *ranks, double most_bytes, fc_error *error) {
    memset(out, 0, sizeof *out);
    out->ranks = ranks;
    out->cache_bytes = fc_machine_cache_bytes();
    double room_bytes = fc_exchange_bytes(FC_COLLECTIVE_ALL_GATHER, ranks->count, most_bytes);
    out->room_elements = (size_t)(room_bytes / sizeof(float));
    out->send = malloc(out->room_elements * sizeof *out->send);
    out->receive = malloc(out->room_elements * sizeof *out->receive);
    if (out->send == NULL || out->receive == NULL) {
        fc_exchange_close(out);
        return fc_error_set(
            error, FC_FAILED, NULL, 0, 0,
            "no memory for two buffers of %.0f bytes; give a smaller --most-bytes or fewer ranks a host", room_bytes);
    }
    return FC_OK;
}

void fc_exchange_close(fc_exchange *exchange) {
    free(exchange->send);
    free(exchange->receive);
    exchange->send = NULL;
    exchange->receive = NULL;
}

/* ---- the two slots ---------------------------------------------------------------------------------------------- */

static fc_status exchange_once(const fc_exchange *exchange, fc_error *error) {
    const fc_ranks *ranks = exchange->ranks;
    return ranks->exchange(ranks->user, (fc_collective_op)exchange->op, exchange->send, exchange->receive,
                           exchange->elements, error);
}

static fc_status exchange_prepare(void *device, fc_sample *sample, fc_error *error) {
    fc_exchange *exchange = device;
    fc_collective_op op = (fc_collective_op)sample->collective_op;
    bool known = op >= FC_COLLECTIVE_ALL_REDUCE && op <= FC_COLLECTIVE_SEND_RECV;
    double bytes = fc_exchange_bytes(op, exchange->ranks->count, sample->bytes);
    if (sample->kind != FC_SAMPLE_COLLECTIVE || !known || sample->dtype != FC_DTYPE_FP32) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "ranks exchange fp32 in one of five collectives alone");
    }
    if (bytes > (double)exchange->room_elements * sizeof(float)) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%.0f bytes are more than the buffers hold", bytes);
    }
    exchange->op = op;
    exchange->elements = (size_t)(bytes / sizeof(float));
    sample->bytes = bytes;
    sample->ranks = exchange->ranks->count;
    sample->threads = 1;
    sample->batch = 1;
    sample->residency = 2.0 * bytes <= exchange->cache_bytes ? FC_RESIDENCY_CACHE : FC_RESIDENCY_MEMORY;
    fill(exchange);
    FC_TRY(exchange_once(exchange, error));
    return check(exchange, error);
}

/* A barrier lets ranks go at slightly different times; batches of at least a millisecond make that small. */
static fc_status exchange_run(void *device, uint32_t calls, double *out_seconds, fc_error *error) {
    const fc_exchange *exchange = device;
    const fc_ranks *ranks = exchange->ranks;
    FC_TRY(ranks->barrier(ranks->user, error));
    double begin_s = ranks->now_s(ranks->user);
    for (uint32_t call = 0; call < calls; call++) {
        FC_TRY(exchange_once(exchange, error));
    }
    *out_seconds = ranks->now_s(ranks->user) - begin_s;
    return ranks->largest(ranks->user, out_seconds, error);
}

const fc_backend fc_exchange_backend = {
    .abi = FC_BACKEND_ABI, .name = "exchange", .prepare = exchange_prepare, .run = exchange_run};
