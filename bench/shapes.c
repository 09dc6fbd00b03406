/* shapes.c: a designed set of matmuls: log-spaced squares for the ceiling and the ramps, neighbours of a tile's edge, and
 * the real products of transformer layers, each in the layout it has there, since those are what the curve is asked. */
#include "shapes.h"

#include <string.h>

/* Which dtypes and thread counts a shape is for. */
enum { ALL = 1, FEW = 2, ONE = 4 };

typedef struct shape {
    uint32_t uses; /* ALL: formats that train; FEW: fp64 too; ONE: again on one thread */
    uint32_t shape_class;
    uint32_t layout;
    uint32_t m;
    uint32_t n;
    uint32_t k;
} shape;

static const shape shapes[] = {
    {ALL | FEW | ONE, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 64, 64, 64},
    {ALL, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 96, 96, 96},
    {ALL | FEW | ONE, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 128, 128, 128},
    {ALL, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 192, 192, 192},
    {ALL | FEW | ONE, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 256, 256, 256},
    {ALL, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 384, 384, 384},
    {ALL | FEW | ONE, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 512, 512, 512},
    {ALL, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 768, 768, 768},
    {ALL | FEW | ONE, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 1024, 1024, 1024},
    {ALL, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 1536, 1536, 1536},
    {ALL | FEW, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 2048, 2048, 2048},
    {ALL, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 3072, 3072, 3072},
    {ALL | FEW, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 4096, 4096, 4096},
    {ALL | FEW, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 8192, 8192, 8192},
    {ALL | FEW, FC_SHAPE_SQUARE, FC_LAYOUT_NT, 16384, 16384, 16384},
    /* either side of a whole number of tiles, in each direction */
    {ALL, FC_SHAPE_BOUNDARY, FC_LAYOUT_NT, 511, 512, 512},
    {ALL, FC_SHAPE_BOUNDARY, FC_LAYOUT_NT, 513, 512, 512},
    {ALL, FC_SHAPE_BOUNDARY, FC_LAYOUT_NT, 512, 511, 512},
    {ALL, FC_SHAPE_BOUNDARY, FC_LAYOUT_NT, 512, 513, 512},
    {ALL, FC_SHAPE_BOUNDARY, FC_LAYOUT_NT, 512, 512, 511},
    {ALL, FC_SHAPE_BOUNDARY, FC_LAYOUT_NT, 512, 512, 513},
    /* layers of hidden size 256 to 2,048 (queries, keys and values; projection; up; down) */
    {ALL | ONE, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 512, 768, 256},
    {ALL | FEW, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 1024, 256, 256},
    {ALL | ONE, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 1024, 256, 1024},
    {ALL | FEW | ONE, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 512, 1536, 512},
    {ALL, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 1024, 512, 1408},
    {ALL | FEW, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 512, 2304, 768},
    {ALL | ONE, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 1024, 768, 768},
    {ALL, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 2048, 3072, 768},
    {ALL, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 768, 768, 3072},
    {ALL | FEW, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 1024, 4096, 1024},
    {ALL, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 512, 6144, 2048},
    {ALL | FEW, FC_SHAPE_FORWARD, FC_LAYOUT_NT, 512, 2048, 8192},
    /* their input gradients */
    {ALL | FEW | ONE, FC_SHAPE_INPUT_GRAD, FC_LAYOUT_NN, 1024, 256, 768},
    {ALL | ONE, FC_SHAPE_INPUT_GRAD, FC_LAYOUT_NN, 512, 512, 1536},
    {ALL, FC_SHAPE_INPUT_GRAD, FC_LAYOUT_NN, 512, 768, 2304},
    {ALL | FEW, FC_SHAPE_INPUT_GRAD, FC_LAYOUT_NN, 1024, 768, 3072},
    {ALL, FC_SHAPE_INPUT_GRAD, FC_LAYOUT_NN, 1024, 4096, 1024},
    {ALL, FC_SHAPE_INPUT_GRAD, FC_LAYOUT_NN, 512, 2048, 6144},
    /* and their weight gradients */
    {ALL | ONE, FC_SHAPE_WEIGHT_GRAD, FC_LAYOUT_TN, 768, 256, 1024},
    {ALL | FEW | ONE, FC_SHAPE_WEIGHT_GRAD, FC_LAYOUT_TN, 1536, 512, 512},
    {ALL, FC_SHAPE_WEIGHT_GRAD, FC_LAYOUT_TN, 2304, 768, 512},
    {ALL | FEW, FC_SHAPE_WEIGHT_GRAD, FC_LAYOUT_TN, 768, 3072, 1024},
    {ALL, FC_SHAPE_WEIGHT_GRAD, FC_LAYOUT_TN, 1024, 4096, 1024},
    {ALL, FC_SHAPE_WEIGHT_GRAD, FC_LAYOUT_TN, 6144, 2048, 512},
    /* one head: scores, weighted values, gradients */
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NT, 128, 128, 64},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NT, 256, 256, 64},
    {ALL | FEW | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NT, 512, 512, 64},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NT, 512, 512, 128},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NT, 1024, 1024, 64},
    {ALL, FC_SHAPE_ATTENTION, FC_LAYOUT_NT, 2048, 2048, 64},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NN, 128, 64, 128},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NN, 256, 64, 256},
    {ALL | FEW | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NN, 512, 64, 512},
    {ALL, FC_SHAPE_ATTENTION, FC_LAYOUT_NN, 512, 128, 512},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_NN, 1024, 64, 1024},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_TN, 256, 64, 256},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_TN, 512, 128, 512},
    {ALL | ONE, FC_SHAPE_ATTENTION, FC_LAYOUT_TN, 1024, 64, 1024},
    {ALL, FC_SHAPE_ROUTER, FC_LAYOUT_NT, 1024, 8, 1024},
    {ALL, FC_SHAPE_ROUTER, FC_LAYOUT_NT, 1024, 64, 2048},
    {ALL, FC_SHAPE_LOGITS, FC_LAYOUT_NT, 1024, 4096, 256},
    {ALL, FC_SHAPE_LOGITS, FC_LAYOUT_NT, 512, 16384, 512},
    {ALL | FEW, FC_SHAPE_LOGITS, FC_LAYOUT_NT, 256, 50257, 768},
    {ALL, FC_SHAPE_LOGITS, FC_LAYOUT_NN, 512, 512, 8192},
    {ALL, FC_SHAPE_LOGITS, FC_LAYOUT_TN, 16384, 512, 512},
    /* few rows: decoding, small micro-batches */
    {ALL, FC_SHAPE_DECODE, FC_LAYOUT_NT, 1, 1024, 4096},
    {ALL, FC_SHAPE_DECODE, FC_LAYOUT_NT, 1, 4096, 4096},
    {ALL, FC_SHAPE_DECODE, FC_LAYOUT_NT, 4, 4096, 1024},
    {ALL, FC_SHAPE_DECODE, FC_LAYOUT_NT, 4, 4096, 4096},
    {ALL | FEW, FC_SHAPE_DECODE, FC_LAYOUT_NT, 16, 1024, 4096},
    {ALL, FC_SHAPE_DECODE, FC_LAYOUT_NT, 16, 4096, 4096},
    {ALL, FC_SHAPE_DECODE, FC_LAYOUT_NT, 64, 4096, 1024},
    {ALL | FEW, FC_SHAPE_DECODE, FC_LAYOUT_NT, 64, 4096, 4096},
    /* low rank */
    {ALL | FEW, FC_SHAPE_OTHER, FC_LAYOUT_NT, 2048, 2048, 16},
    {ALL | FEW, FC_SHAPE_OTHER, FC_LAYOUT_NT, 2048, 16, 2048},
};

#define SHAPES_COUNT (sizeof shapes / sizeof shapes[0])
_Static_assert(SHAPES_COUNT <= FC_BENCH_MOST_SHAPES, "fc_bench_shapes fills a fixed array");

double fc_bench_flop(const fc_sample *sample) {
    return 2.0 * (double)sample->batch * (double)sample->m * (double)sample->n * (double)sample->k;
}

static uint32_t list(fc_sample out[FC_BENCH_MOST_SHAPES], fc_dtype dtype, uint32_t use, uint32_t threads) {
    uint32_t count = 0;
    for (size_t i = 0; i < SHAPES_COUNT; i++) {
        if ((shapes[i].uses & use) == 0) {
            continue;
        }
        fc_sample sample;
        memset(&sample, 0, sizeof sample);
        sample.kind = FC_SAMPLE_MATMUL;
        sample.dtype = dtype;
        sample.shape_class = shapes[i].shape_class;
        sample.layout = shapes[i].layout;
        sample.m = shapes[i].m;
        sample.n = shapes[i].n;
        sample.k = shapes[i].k;
        sample.batch = 1;
        sample.threads = threads;
        uint32_t at = count++;
        for (; at > 0 && fc_bench_flop(&out[at - 1]) > fc_bench_flop(&sample); at--) {
            out[at] = out[at - 1];
        }
        out[at] = sample;
    }
    return count;
}

uint32_t fc_bench_shapes(fc_sample out[FC_BENCH_MOST_SHAPES], fc_dtype dtype) {
    return list(out, dtype, dtype == FC_DTYPE_FP64 ? FEW : ALL, 0);
}

uint32_t fc_bench_one_thread_shapes(fc_sample out[FC_BENCH_MOST_SHAPES], fc_dtype dtype) {
    return dtype == FC_DTYPE_FP64 ? 0 : list(out, dtype, ONE, 1);
}
