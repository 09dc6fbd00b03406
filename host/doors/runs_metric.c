/* runs_metric.c: which published figure of a row becomes seconds a step. */
#include "runs_row.h"

#include "../base/text.h"

#include <stdio.h>
#include <stdlib.h> /* strtod */
#include <string.h>

/* A name of a figure, what it is, and what one of it is in SI. */
typedef struct metric_row {
    const char *name;
    fc_run_metric kind;
    double unit;
} metric_row;

/* Times and throughputs come first: they need no convention of counting FLOP. */
static const metric_row metrics[] = {
    {"iter_time_s", FC_RUN_METRIC_STEP_S, 1},
    {"step_time_s", FC_RUN_METRIC_STEP_S, 1},
    {"train_step_time_s", FC_RUN_METRIC_STEP_S, 1},
    {"iteration_time_s", FC_RUN_METRIC_STEP_S, 1},
    {"iter_time_ms", FC_RUN_METRIC_STEP_S, 1e-3},
    {"step_time_ms", FC_RUN_METRIC_STEP_S, 1e-3},
    {"tokens_per_s_per_chip", FC_RUN_METRIC_TOKENS_PER_S_CHIP, 1},
    {"tokens_per_s_per_gpu", FC_RUN_METRIC_TOKENS_PER_S_CHIP, 1},
    {"tokens_per_s_per_device", FC_RUN_METRIC_TOKENS_PER_S_DEVICE, 1},
    {"tokens_per_s_total", FC_RUN_METRIC_TOKENS_PER_S, 1},
    {"tokens_per_s", FC_RUN_METRIC_TOKENS_PER_S, 1},
    {"samples_per_s", FC_RUN_METRIC_SEQUENCES_PER_S, 1},
    {"sequences_per_s", FC_RUN_METRIC_SEQUENCES_PER_S, 1},
    {"samples_per_s_per_chip", FC_RUN_METRIC_SEQUENCES_PER_S_CHIP, 1},
    {"sequences_per_s_per_chip", FC_RUN_METRIC_SEQUENCES_PER_S_CHIP, 1},
    {"tflops_per_chip", FC_RUN_METRIC_FLOP_PER_S_CHIP, 1e12},
    {"tflops_per_gpu", FC_RUN_METRIC_FLOP_PER_S_CHIP, 1e12},
    {"tflops_per_device", FC_RUN_METRIC_FLOP_PER_S_DEVICE, 1e12},
    {"aggregate_pflops", FC_RUN_METRIC_FLOP_PER_S, 1e15},
    {"mfu_pct", FC_RUN_METRIC_MFU, 1e-2},
    {"mfu_frac", FC_RUN_METRIC_MFU, 1},
    {"hfu_pct", FC_RUN_METRIC_HFU, 1e-2},
    {"hfu_frac", FC_RUN_METRIC_HFU, 1},
    {"minutes", FC_RUN_METRIC_RUN_S, 60},
    {"training_hours", FC_RUN_METRIC_RUN_S, 3600},
    {"training_days", FC_RUN_METRIC_RUN_S, 86400},
    {"chip_hours", FC_RUN_METRIC_CHIP_S, 3600},
    {"gpu_hours", FC_RUN_METRIC_CHIP_S, 3600},
};
enum { METRICS_COUNT = sizeof metrics / sizeof metrics[0], LAST_DIRECT = FC_RUN_METRIC_SEQUENCES_PER_S_CHIP };

static const metric_row *find_metric(const char *name, size_t length) {
    for (size_t i = 0; i < METRICS_COUNT; ++i) {
        if (strlen(metrics[i].name) == length && strncmp(metrics[i].name, name, length) == 0) {
            return &metrics[i];
        }
    }
    return NULL;
}

static bool is_direct(const metric_row *metric) {
    return metric != NULL && metric->kind >= FC_RUN_METRIC_STEP_S && (int)metric->kind <= (int)LAST_DIRECT;
}

static void take(fc_run_row *row, const metric_row *metric, double value) {
    row->kind = (uint32_t)metric->kind;
    row->value = value * metric->unit;
    (void)fc_text_copy(row->scored_on, sizeof row->scored_on, metric->name);
}

/* The value of `key` among "key=value;key=value", up to what is no number; 0: not there. */
static double secondary_value(const char *list, const char *key) {
    size_t length = strlen(key);
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, "; ");
        const char *end = at + strcspn(at, ";");
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            double value = strtod(at + length + 1, NULL);
            return value > 0 && value < 1e30 ? value : 0;
        }
        at = end;
    }
    return 0;
}

/* A time or a throughput of the same run is better than TFLOP/s, a utilisation, or a total of days. */
static void prefer_direct(fc_run_row *row, const char *secondary) {
    for (size_t i = 0; i < METRICS_COUNT && is_direct(&metrics[i]); ++i) {
        double value = secondary_value(secondary, metrics[i].name);
        if (value > 0) {
            take(row, &metrics[i], value);
            return;
        }
    }
}

/* Work whose step is not a training step of all weights. */
static const char *other_work(const fc_run_cells *cells) {
    const char *model = cells->text[FC_RUN_MODEL_NAME];
    if (fc_run_has_word(model, "lora")) {
        return "LoRA: frozen weights have no gradients, which the step model does not know";
    }
    bool rl = fc_run_has_word(model, "grpo") || fc_run_has_word(model, "ppo") || fc_run_has_word(model, "rl");
    if (rl || fc_text_starts(cells->text[FC_RUN_METRIC], "rl_")) {
        return "reinforcement learning: rollouts are not part of the step model";
    }
    return NULL;
}

void fc_run_read_metric(fc_run_row *row, const fc_run_cells *cells) {
    const char *name = cells->text[FC_RUN_METRIC];
    const double tera = 1e12;
    const char *work = other_work(cells);
    const metric_row *metric = find_metric(name, strlen(name));
    (void)fc_text_copy(row->metric, sizeof row->metric, name);
    (void)fc_run_number(&row->measured_value, row, cells, FC_RUN_VALUE);
    (void)fc_run_number(&row->tokens_count, row, cells, FC_RUN_TOKENS);
    if (work != NULL) {
        (void)fc_text_copy(row->reason, sizeof row->reason, work);
        return;
    }
    if (metric == NULL) {
        (void)snprintf(row->reason, sizeof row->reason,
                       "\"%.60s\" is no step time, throughput, utilisation or total of a training run", name);
        return;
    }
    if (!(row->measured_value > 0)) {
        (void)snprintf(row->reason, sizeof row->reason, "measured_value is \"%.40s\"; a number above 0 is needed",
                       cells->text[FC_RUN_VALUE]);
        return;
    }
    take(row, metric, row->measured_value);
    const char *secondary = cells->text[FC_RUN_SECONDARY];
    if (!is_direct(metric)) {
        prefer_direct(row, secondary);
    }
    double peak = secondary_value(secondary, "mfu_peak");
    row->peak_flop_per_s = tera * (peak > 0 ? peak : secondary_value(secondary, "peak"));
}
