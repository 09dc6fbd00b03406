#include "exchange_under_test.h"

#include "device/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

fc_sample exchange_case(fc_collective_op op, uint32_t ranks, double bytes) {
    fc_sample sample;
    memset(&sample, 0, sizeof sample);
    sample.kind = FC_SAMPLE_COLLECTIVE;
    sample.collective_op = op;
    sample.ranks = ranks;
    sample.bytes = bytes;
    sample.batch = 1;
    return sample;
}

/* Number i of what rank `rank` sends. */
static double sent(uint32_t rank, size_t i) { return (double)fc_random_f32(PLUGIN_SEED + rank, i); }

static double sum(const fc_sample *sample, size_t i) {
    double all = 0.0;
    for (uint32_t rank = 0; rank < sample->ranks; rank++) {
        all += sent(rank, i);
    }
    return all;
}

/* Number i of what `rank` receives, by the definition of the collective; count is that of a whole buffer. */
static double wanted(const fc_sample *sample, uint32_t rank, size_t i, size_t count) {
    size_t piece = count / sample->ranks;
    switch (sample->collective_op) {
    case FC_COLLECTIVE_ALL_REDUCE:
        return sum(sample, i);
    case FC_COLLECTIVE_ALL_GATHER:
        return sent((uint32_t)(i / piece), i % piece);
    case FC_COLLECTIVE_REDUCE_SCATTER:
        return sum(sample, rank * piece + i);
    case FC_COLLECTIVE_ALL_TO_ALL:
        return sent((uint32_t)(i / piece), rank * piece + i % piece);
    default:
        return sent((rank + sample->ranks - 1) % sample->ranks, i);
    }
}

static fc_status count_rank(uint64_t *wrong, const plugin_under_test *plugin, void *device, const fc_sample *sample,
                            uint32_t rank, fc_error *error) {
    size_t count = (size_t)sample->bytes / sizeof(float);
    size_t received = sample->collective_op == FC_COLLECTIVE_REDUCE_SCATTER ? count / sample->ranks : count;
    float *found = calloc(received, sizeof *found);
    if (found == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %zu numbers", received);
    }
    size_t offset = 0;
    fc_status status = plugin->peek(device, 2 * rank + 1, found, received * sizeof *found, &offset, error);
    for (size_t i = 0; i < received && status == FC_OK; i++) {
        double expected = wanted(sample, rank, i, count);
        /* A sum of `ranks` numbers below 1 in any order. */
        double most = 0x1p-24 * sample->ranks * sample->ranks;
        *wrong += fabs((double)found[i] - expected) <= most ? 0U : 1U; /* a NaN is wrong */
    }
    free(found);
    return status;
}

fc_status exchange_count_wrong(uint64_t *out, const plugin_under_test *plugin, void *device, fc_sample *sample,
                               fc_error *error) {
    double seconds = 0.0;
    *out = 0;
    FC_TRY(plugin->table->prepare(device, sample, error));
    FC_TRY(plugin->table->run(device, 2, &seconds, error));
    for (uint32_t rank = 0; rank < sample->ranks; rank++) {
        FC_TRY(count_rank(out, plugin, device, sample, rank, error));
    }
    return seconds > 0.0 ? FC_OK : fc_error_set(error, FC_FAILED, NULL, 0, 0, "an exchange took %g seconds", seconds);
}
