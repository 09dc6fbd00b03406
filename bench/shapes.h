/* shapes.h: which matmuls `flopcast bench` times. */
#ifndef FLOPCAST_BENCH_SHAPES_H
#define FLOPCAST_BENCH_SHAPES_H

#include "flopcast/calibration.h"

#define FC_BENCH_MOST_SHAPES 96

/* The matmuls of one dtype on all threads, as samples without timings, by rising work. Returns how many. */
uint32_t fc_bench_shapes(fc_sample out[FC_BENCH_MOST_SHAPES], fc_dtype dtype);
/* Those that a processor of several threads does again on one: training gives each thread a head of its own. */
uint32_t fc_bench_one_thread_shapes(fc_sample out[FC_BENCH_MOST_SHAPES], fc_dtype dtype);

double fc_bench_flop(const fc_sample *sample);

#endif
