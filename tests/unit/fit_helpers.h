/* fit_helpers.h: a small fit: three numbers of one chip and one stack, two families of made-up runs. */
#ifndef FLOPCAST_TESTS_UNIT_FIT_HELPERS_H
#define FLOPCAST_TESTS_UNIT_FIT_HELPERS_H

#include "runs_helpers.h"

#include "device/squares.h"
#include "doors/fit_spec.h"

#define FIT_PARAMETERS                                                                                                 \
    "parameters:\n"                                                                                                    \
    "  - {name: matmul, fields: [chip/a100-sxm-80gb/matmul_hot_fp16], low: 0.4, high: 0.98, start: 0.85}\n"            \
    "  - {name: links, fields: [chip/a100-sxm-80gb/memory_eff], low: 0.2, high: 1, start: 0.73}\n"                     \
    "  - {name: straggler, fields: [stack/megatron-2022/straggler], low: 0, high: 0.3, start: 0.01}\n"
#define FIT_FAMILIES                                                                                                   \
    "families:\n"                                                                                                      \
    "  - {name: small, match: {group: [small]}, weight: 2}\n"                                                          \
    "  - {name: large, match: {}, goal_mean_abs_error_frac: 0.03, goal_worst_abs_error_frac: 0.2}\n"

/* Status of reading `text` as data/fit.yaml; the file is gone again afterwards. */
static inline fc_status read_spec_text(fc_fit_spec *out, chain_desk *desk, const char *text, fc_error *error) {
    char path[] = "/tmp/flopcast_fit_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(file), 0);
    fc_status status = fc_fit_spec_read(out, &desk->config.catalog, path, error);
    assert_int_equal(unlink(path), 0);
    return status;
}

static inline fc_fit_spec read_spec(chain_desk *desk, const char *text) {
    fc_fit_spec spec;
    fc_error error = {0};
    assert_fine(read_spec_text(&spec, desk, text, &error), &error);
    return spec;
}

/* Runs of GPTs of two sizes on 8 and 64 A100, by tp, pp and micro-batch; times are to be put in. */
static inline fc_run_table made_up_runs(chain_desk *desk) {
    static const int sizes[2][5] = {{24, 2304, 24, 8, 1}, {40, 8192, 64, 64, 2}}; /* layers hidden heads chips, pp */
    fc_text text = fc_text_start(desk->arena);
    fc_text_add(
        &text, "id,group,chip,chips,dtype,model_name,layers,hidden,heads,ffn_hidden,ffn_type,vocab,seq_len,tp,pp,vp,cp,"
               "ep,dp,zero_stage_or_fsdp,global_batch_sequences,micro_batch,recompute,measured_metric,measured_value,"
               "stack\n");
    for (int i = 0; i < 32; ++i) {
        const int *size = sizes[i / 16];
        int tp = 1 << (i % 4);
        int pp = size[4];
        int micro = 1 << (i / 4 % 2);
        const char *recompute = i / 8 % 2 ? "full" : "none";
        fc_text_addf(&text,
                     "run-%d,%s,A100_SXM_80GB,%d,fp16,GPT,%d,%d,%d,%d,gelu,51200,2048,%d,%d,1,1,1,%d,0,128,%d,%s,", i,
                     i < 16 ? "small" : "papers", size[3], size[0], size[1], size[2], 4 * size[1], tp, pp,
                     size[3] / tp / pp, micro, recompute);
        fc_text_add(&text, "iter_time_s,1,megatron-2022\n");
    }
    assert_false(text.failed);
    return read_runs(desk, text.bytes);
}

static inline fc_status solve_fit(double *x, const fc_fit_task *task, fc_error *error) {
    double sum = 0;
    fc_squares squares = {.residuals = task->residuals,
                          .context = task->context,
                          .parameters_count = task->parameters_count,
                          .residuals_count = task->residuals_count,
                          .tolerance = 1e-9,
                          .step_frac = 1e-8,
                          .most_evaluations = 2000};
    return fc_squares_least(x, &sum, &squares, error);
}

/* The times that `truth` gives, each off by up to `noise_frac`. */
static inline void measure_made_up(fc_run_table *table, const fc_fit_problem *problem, const double *truth,
                                   double noise_frac) {
    for (size_t i = 0; i < table->count; ++i) {
        fc_error error = {0};
        double step_s = 0;
        double turn = (double)((i * 37 + 11) % 32) / 15.5 - 1.0; /* -1 to 1, each of 32 values once */
        assert_fine(fc_fit_predict(&step_s, problem, i, truth, &error), &error);
        table->rows[i].measured_s = step_s * (1.0 + noise_frac * turn);
    }
}

static inline fc_fit_problem *prepare_fit(chain_desk *desk, const fc_fit_spec *spec, const fc_run_table *table) {
    fc_fit_problem *problem = NULL;
    fc_error error = {0};
    assert_fine(fc_fit_prepare(&problem, spec, table->rows, table->count, desk->arena, &error), &error);
    return problem;
}

static inline fc_fit_result run_fit(chain_desk *desk, const fc_fit_problem *problem, const uint8_t *mask) {
    fc_fit_result result;
    fc_error error = {0};
    assert_fine(fc_fit_runs(&result, problem, mask, solve_fit, desk->arena, &error), &error);
    return result;
}

#endif
