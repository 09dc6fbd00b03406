#include "cases.h"

#include "../../host/base/stats.h"

#include <math.h>

#define MOST_STEPS 60U
#define LEAST_STEPS 3U
/* Steps are repeated until they agree this well, and called unstable when in the end they disagree by more. */
static const double AIM_NOISE_FRAC = 0.03;
static const double UNSTABLE_NOISE_FRAC = 0.1;

typedef struct layer_case {
    fc_layer_set set; /* the smallest set that has it */
    uint32_t layers, hidden, heads, ffn, vocab, seq, batch, norm, mlp;
} layer_case;

/* Shallow and deep, narrow and wide, short and long: no two share batch, sequence and vocabulary. */
static const layer_case cases[] = {
    {FC_LAYER_SMALL, 2, 256, 4, 1024, 4096, 128, 8, FC_TRAIN_LAYER, FC_TRAIN_GELU},
    {FC_LAYER_SMALL, 4, 512, 8, 1408, 2048, 256, 2, FC_TRAIN_RMS, FC_TRAIN_SWIGLU},
    {FC_LAYER_DEFAULT, 12, 256, 4, 704, 8192, 256, 4, FC_TRAIN_RMS, FC_TRAIN_SWIGLU},
    {FC_LAYER_DEFAULT, 4, 512, 8, 2048, 16384, 512, 2, FC_TRAIN_LAYER, FC_TRAIN_GELU},
    {FC_LAYER_DEFAULT, 8, 768, 12, 2048, 4096, 256, 3, FC_TRAIN_RMS, FC_TRAIN_SWIGLU},
    {FC_LAYER_DEFAULT, 3, 1024, 16, 4096, 8192, 1024, 1, FC_TRAIN_LAYER, FC_TRAIN_GELU},
    {FC_LAYER_DEFAULT, 2, 2048, 16, 8192, 8192, 512, 1, FC_TRAIN_LAYER, FC_TRAIN_GELU},
    {FC_LAYER_LARGE, 12, 768, 12, 3072, 32768, 512, 2, FC_TRAIN_LAYER, FC_TRAIN_GELU},
    {FC_LAYER_LARGE, 6, 1024, 16, 2816, 16384, 512, 4, FC_TRAIN_RMS, FC_TRAIN_SWIGLU},
    {FC_LAYER_LARGE, 2, 2048, 32, 5504, 16384, 1024, 2, FC_TRAIN_RMS, FC_TRAIN_SWIGLU},
};

const char *fc_layer_set_name(fc_layer_set set) {
    static const char *const names[FC_LAYER_SET_COUNT] = {"small", "default", "large"};
    return set < FC_LAYER_SET_COUNT ? names[set] : NULL;
}

int fc_layer_case(fc_train_options *out, fc_layer_set set, uint32_t index) {
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const layer_case *row = &cases[i];
        if (row->set > set || index-- > 0) {
            continue;
        }
        *out = (fc_train_options){.layers_count = row->layers,
                                  .hidden = row->hidden,
                                  .heads = row->heads,
                                  .ffn_hidden = row->ffn,
                                  .vocab = row->vocab,
                                  .seq_len = row->seq,
                                  .batch = row->batch,
                                  .norm = row->norm,
                                  .mlp = row->mlp,
                                  .learning_rate = 1e-4};
        return 1;
    }
    return 0;
}

static double median(double *values, uint32_t count) {
    fc_stats_sort(values, count);
    return fc_stats_quantile(values, count, 0.5);
}

static void summarize(fc_layer_timing *out, const fc_train_times *times, uint32_t count) {
    double values[MOST_STEPS];
    for (int part = 0; part < FC_TRAIN_PART_COUNT; part++) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] = times[i].part_s[part];
        }
        out->median.part_s[part] = median(values, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        values[i] = times[i].step_s;
    }
    out->median.step_s = median(values, count);
    out->fastest_s = values[0];
    double spread_s = fc_stats_quantile(values, count, 0.75) - fc_stats_quantile(values, count, 0.25);
    out->noise_frac = spread_s / out->median.step_s;
    out->steps_count = count;
    out->unstable = count < LEAST_STEPS || out->noise_frac > UNSTABLE_NOISE_FRAC;
}

fc_status fc_layer_measure(fc_layer_timing *out, const fc_train_options *options, double budget_s, fc_error *error) {
    fc_train *train = NULL;
    fc_train_times times[MOST_STEPS];
    FC_TRY(fc_train_open(&train, options, error));
    *out = (fc_layer_timing){.noise_frac = 0.0};
    fc_train_step(train, &out->loss, &times[0]);
    double spent_s = times[0].step_s;
    for (uint32_t count = 1; count <= MOST_STEPS; count++) {
        fc_train_step(train, &out->loss, &times[count - 1]);
        spent_s += times[count - 1].step_s;
        summarize(out, times, count);
        if (count >= LEAST_STEPS &&
            ((count > LEAST_STEPS && out->noise_frac <= AIM_NOISE_FRAC) || spent_s > budget_s)) {
            break;
        }
    }
    fc_train_close(train);
    if (!isfinite(out->loss)) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "the training step lost its numbers: its loss is %g",
                            out->loss);
    }
    return FC_OK;
}
