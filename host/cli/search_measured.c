#include "search_measured.h"

#include "../base/text.h"
#include "../doors/runs.h"
#include "flopcast/stages.h"

#include <string.h>

static double mfu_of(fc_ops *ops, const fc_run_row *row) {
    const fc_study *study = &row->study;
    double batch = row->batch_sequences > 0 ? row->batch_sequences : study->plan.global_batch;
    fc_ops_count(ops, &study->model, &study->workload);
    double flop = ops->flop_per_token_model * batch * ops->seq_len;
    return flop / (row->measured_s * study->cluster.chips_count * study->cluster.chip.peak_flop_per_s[ops->dtype]);
}

fc_status fc_search_measured_mfu(fc_measured_mfu *out, const fc_config *config, const char *chip, fc_error *error) {
    fc_run_table table;
    const char *path = NULL;
    fc_config plain = *config;
    plain.sets_count = 0; /* what the user sets is not what was measured */
    fc_ops *ops = fc_arena_alloc(config->arena, sizeof *ops);
    memset(out, 0, sizeof *out);
    if (ops == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(fc_runs_own_path(&path, &plain, error));
    FC_TRY(fc_runs_read(&table, &plain, &path, 1, error));
    for (size_t i = 0; i < table.count; ++i) {
        const fc_run_row *row = &table.rows[i];
        bool usable = row->reason[0] == '\0' && row->suspect[0] == '\0' && row->measured_s > 0 && !row->batch_assumed;
        if (!usable || !fc_text_same_name(row->study.cluster.chip.name, chip)) {
            continue;
        }
        double mfu_frac = mfu_of(ops, row);
        if (mfu_frac > out->mfu_frac && mfu_frac < 1.0) {
            out->mfu_frac = mfu_frac;
            (void)fc_text_copy(out->run, sizeof out->run, row->id);
        }
    }
    return FC_OK;
}
