/* heldout.c: which matmuls judge the fit: drawn by the seed alone, before any fit has seen a timing. */
#include "flopcast/calibration.h"
#include "random.h"

#define HELDOUT_FRAC 0.15
/* What fit.c asks for, at least: a draw never makes a fit impossible. */
#define LEAST_FITTED 6

/* Matmuls on one thread have a curve of their own, and so a draw of their own. */
static void draw_dtype(fc_sample *samples, uint32_t samples_count, uint32_t dtype, int one_thread, uint64_t seed) {
    uint32_t indices[FC_MAX_SAMPLES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < samples_count && count < FC_MAX_SAMPLES; i++) {
        if (samples[i].kind == FC_SAMPLE_MATMUL && samples[i].dtype == dtype &&
            (samples[i].threads == 1) == one_thread) {
            indices[count++] = i;
        }
    }
    uint32_t wanted = (uint32_t)(HELDOUT_FRAC * (double)count + 0.5);
    if (count < LEAST_FITTED + wanted) {
        wanted = count > LEAST_FITTED ? count - LEAST_FITTED : 0;
    }
    for (uint32_t drawn = 0; drawn < wanted; drawn++) {
        uint64_t bits = fc_random_bits(seed, (uint64_t)dtype * FC_MAX_SAMPLES + drawn);
        uint32_t other = drawn + (uint32_t)(bits % (count - drawn));
        uint32_t chosen = indices[other];
        indices[other] = indices[drawn];
        indices[drawn] = chosen;
        samples[chosen].heldout = 1;
    }
}

void fc_calibration_draw_heldout(fc_sample *samples, uint32_t samples_count, uint64_t seed) {
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        draw_dtype(samples, samples_count, dtype, 0, seed);
        draw_dtype(samples, samples_count, dtype, 1, seed);
    }
}
