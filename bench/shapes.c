/* shapes.c: log-spaced squares for the ceiling and the ramps, skinny shapes to tell the ramps of m, n and k apart, and
 * the layers of a small transformer, forward and weight gradient, since those are what the curve will be asked about. */
#include "shapes.h"

#include <string.h>

typedef struct shape {
    uint32_t m;
    uint32_t n;
    uint32_t k;
} shape;

static const shape shapes[] = {
    {64, 64, 64},
    {128, 128, 128},
    {256, 256, 256},
    {512, 512, 512},
    {768, 768, 768},
    {1024, 1024, 1024},
    {1536, 1536, 1536},
    {2048, 2048, 2048},
    {3072, 3072, 3072},
    {4096, 4096, 4096},
    {8192, 8192, 8192},
    {16384, 16384, 16384},
    /* few rows: decoding, small micro-batches */
    {1, 4096, 4096},
    {4, 4096, 4096},
    {16, 4096, 4096},
    {64, 4096, 4096},
    {1, 1024, 4096},
    {4, 4096, 1024},
    {16, 1024, 4096},
    {64, 4096, 1024},
    {256, 1024, 1024},
    /* narrow outputs and short sums: attention heads, low-rank projections */
    {2048, 16, 2048},
    {2048, 64, 2048},
    {1024, 64, 1024},
    {2048, 2048, 16},
    {2048, 2048, 64},
    {1024, 1024, 64},
    {4096, 128, 512},
    /* a layer of hidden size 768 (GPT-2 small): qkv, projection, up, down */
    {512, 2304, 768},
    {512, 768, 768},
    {512, 3072, 768},
    {512, 768, 3072},
    {2048, 2304, 768},
    {2048, 768, 768},
    {2048, 3072, 768},
    {2048, 768, 3072},
    /* its weight gradients and its logits */
    {768, 3072, 2048},
    {768, 768, 2048},
    {256, 50257, 768},
};

#define SHAPES_COUNT (sizeof shapes / sizeof shapes[0])
_Static_assert(SHAPES_COUNT <= FC_BENCH_MOST_SHAPES, "fc_bench_shapes fills a fixed array");

double fc_bench_flop(const fc_sample *sample) {
    return 2.0 * (double)sample->batch * (double)sample->m * (double)sample->n * (double)sample->k;
}

uint32_t fc_bench_shapes(fc_sample out[FC_BENCH_MOST_SHAPES], fc_dtype dtype) {
    uint32_t count = 0;
    for (size_t i = 0; i < SHAPES_COUNT; i++) {
        fc_sample sample;
        memset(&sample, 0, sizeof sample);
        sample.kind = FC_SAMPLE_MATMUL;
        sample.dtype = dtype;
        sample.m = shapes[i].m;
        sample.n = shapes[i].n;
        sample.k = shapes[i].k;
        sample.batch = 1;
        uint32_t at = count++;
        for (; at > 0 && fc_bench_flop(&out[at - 1]) > fc_bench_flop(&sample); at--) {
            out[at] = out[at - 1];
        }
        out[at] = sample;
    }
    return count;
}
