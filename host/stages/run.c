/* run.c: from a step to days: failures, checkpoints, planned stops, and the share of the fleet that trains. */
#include "flopcast/stages.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/run.h"

#include <string.h>

static const double SECONDS_PER_HOUR = 3600.0;
static const double SECONDS_PER_DAY = 86400.0;

/* A checkpoint holds weights, master copy and optimizer states; synchronous: training waits while it is written. */
static double checkpoint_bytes(const fc_ops *ops) {
    return ops->params_total_count * (ops->weight_bytes + ops->master_bytes + ops->optimizer_bytes);
}

static void fill_goodput(fc_run *out, const fc_ops *ops, const fc_step *step, const fc_cluster *cluster,
                         const fc_deal *deal) {
    double failures_per_s = cluster->chip.failures_per_chip_h * step->chips_used_count / SECONDS_PER_HOUR;
    if (cluster->storage_bytes_per_s > 0) {
        out->checkpoint_s = checkpoint_bytes(ops) / cluster->storage_bytes_per_s;
    }
    double kept = 1.0;
    if (failures_per_s > 0) {
        out->mtbf_s = 1.0 / failures_per_s;
        /* an interval is at least one step long: nothing can be saved in the middle of one */
        out->checkpoint_interval_s = fc_hd_max(step->time_s, fc_hd_daly_interval_s(out->checkpoint_s, out->mtbf_s));
        kept = fc_hd_daly_goodput(out->checkpoint_interval_s, out->checkpoint_s, cluster->restart_s, out->mtbf_s);
    }
    out->goodput_frac = kept * (1.0 - cluster->planned_stop_frac);
    if (deal->goodput_frac > 0) {
        out->goodput_frac = deal->goodput_frac;
    }
}

void fc_run_project(fc_run *out, const fc_step *step, const fc_ops *ops, const fc_cluster *cluster,
                    const fc_deal *deal) {
    memset(out, 0, sizeof *out);
    out->tokens_count = ops->tokens_count;
    out->steps_count = fc_hd_pieces(ops->tokens_count, step->tokens_per_step);
    fill_goodput(out, ops, step, cluster, deal);
    double productive_s = out->steps_count * step->time_s;
    double wall_s = productive_s / (out->goodput_frac * deal->share_frac);
    out->days = wall_s / SECONDS_PER_DAY;
    /* the whole cluster is held while it trains, also the chips that the plan leaves idle */
    out->chip_h = cluster->chips_count * deal->share_frac * wall_s / SECONDS_PER_HOUR;
}
