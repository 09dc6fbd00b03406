/* runs_helpers.h: a table of runs written to a file of its own, and read. */
#ifndef FLOPCAST_TESTS_UNIT_RUNS_HELPERS_H
#define FLOPCAST_TESTS_UNIT_RUNS_HELPERS_H

#include "chain_helpers.h"

#include "base/text.h"
#include "doors/runs.h"

#include <unistd.h>

/* A run of a GPT-3 on 64 A100: columns that most tests share. */
#define RUNS_HEADING                                                                                                   \
    "id,chip,chips,dtype,model_name,layers,hidden,heads,ffn_hidden,ffn_type,vocab,seq_len,attention,tp,pp,vp,cp,ep,"   \
    "dp,"                                                                                                              \
    "zero_stage_or_fsdp,global_batch_sequences,micro_batch,recompute,measured_metric,measured_value,stack\n"
#define RUNS_175B                                                                                                      \
    "A100_SXM_80GB,64,fp16,GPT 175B,96,12288,96,49152,gelu,51200,2048,mha,8,8,3,1,1,1,0,64,1,full,iter_time_s,18.13,"  \
    "megatron-2022\n"

/* Status of reading `text` as a table; the file is gone again afterwards. */
static inline fc_status read_runs_text(fc_run_table *out, chain_desk *desk, const char *text, fc_error *error) {
    char path[] = "/tmp/flopcast_runs_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(file), 0);
    const char *const paths[] = {path};
    fc_status status = fc_runs_read(out, &desk->config, paths, 1, error);
    assert_int_equal(unlink(path), 0);
    return status;
}

static inline fc_run_table read_runs(chain_desk *desk, const char *text) {
    fc_run_table table;
    fc_error error = {0};
    assert_fine(read_runs_text(&table, desk, text, &error), &error);
    return table;
}

#endif
