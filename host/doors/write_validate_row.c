/* write_validate_row.c: one published run: what was asked, what came out, and where the predicted step goes. */
#include "write_validate.h"

#include "plan_words.h"
#include "say.h"
#include "table.h"

#include <stdio.h>

enum { BAR_WIDTH = 30 };

/* The study as a file would have it, so that `estimate` can be asked about it. */
static void write_study(fc_text *text, const fc_run_row *row) {
    const fc_study *study = &row->study;
    const fc_model *model = &study->model;
    fc_text_addf(text, "  model: %s, %u layers of %u, %u heads", model->name, model->layers_count, model->hidden,
                 model->heads);
    if (model->experts > 0) {
        fc_text_addf(text, ", %u experts of %llu, %u a token", model->experts,
                     (unsigned long long)model->moe_ffn_hidden, model->experts_per_token);
    } else {
        fc_text_addf(text, ", ffn %llu", (unsigned long long)model->ffn_hidden);
    }
    fc_text_addf(text, ", vocab %llu\n", (unsigned long long)model->vocab);
    fc_text_addf(text, "  cluster: {chip: %s, chips: %.0f}\n", study->cluster.chip.name, study->cluster.chips_count);
    fc_text_addf(text, "  workload: {seq_len: %llu, global_batch: %u, dtype: %s}\n",
                 (unsigned long long)study->workload.seq_len, study->plan.global_batch,
                 fc_dtype_name((fc_dtype)study->workload.dtype));
    fc_text_addf(text, "  stack: %s%s\n", study->stack.name, row->stack_assumed ? " (assumed)" : "");
}

static void write_plan(fc_text *text, const fc_plan *plan) {
    fc_text_addf(text,
                 "  plan: {tp: %u, pp: %u, vpp: %u, cp: %u, ep: %u, dp: %u, micro_batch: %u, recompute: %s, zero: %d, "
                 "sequence_parallel: %d}\n",
                 plan->tp, plan->pp, plan->vpp, plan->cp, plan->ep, plan->dp, plan->micro_batch,
                 fc_plan_word("recompute", plan->recompute), plan->zero, plan->sequence_parallel);
}

static void write_if_any(fc_text *text, const char *what, const char *said) {
    if (said[0] != '\0') {
        fc_text_addf(text, "  %s: %s\n", what, said);
    }
}

static void write_causes(fc_text *text, const fc_step *step) {
    fc_table *table = fc_table_start(text->arena, "lrrl");
    if (table == NULL) {
        text->failed = true;
        return;
    }
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        char seconds[32];
        char percent[32];
        fc_text bar = fc_text_start(text->arena);
        double frac = step->cause_s[i] / step->time_s;
        if (!(step->cause_s[i] > 0)) {
            continue;
        }
        fc_say_bar(&bar, frac, BAR_WIDTH);
        fc_table_cellf(table, "%s", fc_step_cause_name((fc_step_cause)i));
        fc_table_cellf(table, "%s", fc_say(seconds, sizeof seconds, step->cause_s[i], FC_UNIT_S, 3));
        fc_table_cellf(table, "%s", fc_say_percent(percent, sizeof percent, frac));
        fc_table_cellf(table, "%s", bar.bytes != NULL ? bar.bytes : "");
    }
    fc_table_print(table, text, 2, 0);
}

static void write_answer(fc_text *text, const fc_run_score *score) {
    char predicted[32];
    char measured[32];
    char low[32];
    char high[32];
    const fc_run_row *row = score->row;
    if (!score->predicted) {
        fc_text_addf(text, "%s is not predicted: %s\n", row->id, score->reason);
        return;
    }
    fc_text_addf(text, "%s: %s predicted, %s measured, %+.1f %%%s\n", row->id,
                 fc_say(predicted, sizeof predicted, score->predicted_s, FC_UNIT_S, 3),
                 fc_say(measured, sizeof measured, row->measured_s, FC_UNIT_S, 3), 100.0 * score->error_frac,
                 score->scored ? "" : " (suspect, not scored)");
    fc_text_addf(text, "The model's own interval is %s to %s (p10 to p90).\n",
                 fc_say(low, sizeof low, score->low_s, FC_UNIT_S, 2),
                 fc_say(high, sizeof high, score->high_s, FC_UNIT_S, 2));
}

void fc_write_run_text(fc_text *text, const fc_run_score *score, const fc_step *step, int width) {
    const fc_run_row *row = score->row;
    fc_text page = fc_text_start(text->arena);
    write_answer(&page, score);
    fc_text_addf(&page, "\nPublished (%s, line %d): %s %g; %s\n", row->file, row->line, row->metric,
                 row->measured_value, row->source);
    if (score->predicted) {
        fc_text_addf(&page, "Scored on %s. The study:\n", row->scored_on);
        write_study(&page, row);
        write_plan(&page, &score->plan);
    }
    write_if_any(&page, "assumed", row->assumed);
    write_if_any(&page, "read as blank", row->not_understood);
    write_if_any(&page, "suspect", row->suspect);
    if (step != NULL) {
        char mfu[32];
        fc_text_addf(&page, "\nWhere the predicted step goes (MFU %s):\n",
                     fc_say_percent(mfu, sizeof mfu, step->mfu_frac));
        write_causes(&page, step);
    }
    text->failed = text->failed || page.failed;
    fc_say_page(text, &page, width);
}
