/* replay.c: a recorded calibration as a device: each case answers with its recorded median and its recorded noise. */
#include "backends.h"

#include "../base/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct replay_device {
    const fc_calibration *recorded;
    const fc_sample *current;
    uint32_t runs_count; /* of the current case */
} replay_device;

static fc_status replay_open(void **out, const fc_backend_options *options, fc_error *error) {
    if (options->replay == NULL || options->replay->samples_count == 0) {
        return fc_error_set(error, FC_USAGE, NULL, 0, 0,
                            "replay needs a recorded calibration with samples: --replay FILE");
    }
    replay_device *device = calloc(1, sizeof *device);
    if (device == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the replay device");
    }
    device->recorded = options->replay;
    *out = device;
    return FC_OK;
}

/* The recorded device, marked as not being here. */
static fc_status replay_info(void *opened, fc_device_info *out, fc_error *error) {
    (void)error;
    const replay_device *device = opened;
    *out = device->recorded->device;
    fc_text_copy(out->backend, sizeof out->backend, fc_backend_replay.name);
    out->emulated = 1;
    return FC_OK;
}

/* A wish that states no threads takes any. */
static bool same_case(const fc_sample *recorded, const fc_sample *wanted) {
    bool same_exchange = recorded->kind != FC_SAMPLE_COLLECTIVE ||
                         (recorded->collective_op == wanted->collective_op && recorded->ranks == wanted->ranks &&
                          !(recorded->bytes != wanted->bytes));
    return recorded->kind == wanted->kind && recorded->dtype == wanted->dtype &&
           recorded->memory_op == wanted->memory_op && recorded->m == wanted->m && recorded->n == wanted->n &&
           recorded->k == wanted->k && recorded->batch == wanted->batch && recorded->level == wanted->level &&
           (wanted->threads == 0 || recorded->threads == wanted->threads) && same_exchange;
}

static fc_status replay_prepare(void *opened, fc_sample *sample, fc_error *error) {
    replay_device *device = opened;
    for (uint32_t i = 0; i < device->recorded->samples_count; i++) {
        const fc_sample *candidate = &device->recorded->samples[i];
        if (same_case(candidate, sample)) {
            device->current = candidate;
            device->runs_count = 0;
            sample->bytes = candidate->bytes;
            sample->threads = candidate->threads;
            sample->residency = candidate->residency;
            return FC_OK;
        }
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the recording has no %s %s case of %u x %u x %u",
                        sample->dtype < FC_DTYPE_COUNT ? fc_dtype_name((fc_dtype)sample->dtype) : "unknown",
                        sample->kind < FC_SAMPLE_KIND_COUNT ? fc_sample_kind_name((fc_sample_kind)sample->kind) : "?",
                        sample->m, sample->n, sample->k);
}

/* median, low, high, low, high, …: any five in a row have the recorded median and, as the distance of their quartiles,
 * the recorded noise. */
static fc_status replay_run(void *opened, uint32_t calls, double *out_seconds, fc_error *error) {
    (void)error;
    replay_device *device = opened;
    uint32_t phase = device->runs_count++ % 5U;
    double swing = phase == 0 ? 0.0 : (phase % 2U == 1U ? -0.5 : 0.5);
    /* A spread as wide as the median itself would reach zero seconds. */
    double noise_frac = device->current->noise_frac < 1.0 ? device->current->noise_frac : 1.0;
    *out_seconds = (double)calls * device->current->seconds * (1.0 + swing * noise_frac);
    return FC_OK;
}

static void replay_close(void *opened) { free(opened); }

const fc_backend fc_backend_replay = {.abi = FC_BACKEND_ABI,
                                      .name = "replay",
                                      .open = replay_open,
                                      .info = replay_info,
                                      .prepare = replay_prepare,
                                      .run = replay_run,
                                      .close = replay_close};
