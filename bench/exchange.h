/* exchange.h: one collective as a backend that the timing loop of measure.h runs, on every rank alike. */
#ifndef FLOPCAST_BENCH_EXCHANGE_H
#define FLOPCAST_BENCH_EXCHANGE_H

#include "flopcast/backend.h"
#include "ranks.h"

/* Sums of the check stay exact in fp32 up to here. */
#define FC_EXCHANGE_MOST_RANKS 262144U

typedef struct fc_exchange {
    const fc_ranks *ranks; /* borrowed */
    float *send;
    float *receive;
    size_t room_elements;
    double cache_bytes;
    uint32_t op; /* of the prepared case */
    size_t elements;
} fc_exchange;

/* The least number of bytes from `wanted_bytes` up that `op` can move among so many ranks: whole floats, and where a
 * buffer is cut in pieces, as many for each rank. */
double fc_exchange_bytes(fc_collective_op op, uint32_t ranks, double wanted_bytes);

/* Two buffers of at least most_bytes on this rank, not touched yet. FC_FAILED without memory. fc_exchange_close frees. */
fc_status fc_exchange_open(fc_exchange *out, const fc_ranks *ranks, double most_bytes, fc_error *error);
void fc_exchange_close(fc_exchange *exchange);

/* `prepare` and `run` alone; the device is an open fc_exchange. prepare takes collective samples of fp32 and makes the
 * exchange once on numbers whose outcome is known: a wrong one is FC_FAILED with the place. run starts all ranks behind
 * a barrier and gives the time of the slowest, the same on each; so all ranks see one time, and the timing loop decides
 * alike on all of them. */
extern const fc_backend fc_exchange_backend;

#endif
