/* run.c: from a step to days: failures, checkpoints, planned stops, ramps, deliveries, and the share that trains. */
#include "flopcast/stages.h"
#include "flopcast/hd/hd.h"
#include "flopcast/hd/run_job.h"

#include <string.h>

static const double SECONDS_PER_HOUR = 3600.0;
static const double SECONDS_PER_DAY = 86400.0;
static const double MOST_HOST_CHIPS = 8.0; /* a server of any family holds no more: HGX, UBB, trays of NVL72 */

/* A checkpoint holds weights, master copy and optimizer states. */
static double checkpoint_bytes(const fc_run_case *c) {
    const fc_ops *ops = c->ops;
    if (c->policy->checkpoint_bytes > 0) {
        return c->policy->checkpoint_bytes;
    }
    return ops->params_total_count * (ops->weight_bytes + ops->master_bytes + ops->optimizer_bytes);
}

static double checkpoint_s(const fc_run_case *c) {
    return c->cluster->storage_bytes_per_s > 0 ? checkpoint_bytes(c) / c->cluster->storage_bytes_per_s : 0.0;
}

/* ---- the job ----------------------------------------------------------------------------------------------------- */

/* Rates by class where they are stated, else the chip's rate in the parts that are known. */
static void fill_failures(fc_hd_job *job, const fc_step *step, const fc_run_case *c) {
    const fc_failures *failures = &c->cluster->failures;
    double stated = 0;
    double parts = 0;
    for (int i = 0; i < FC_FAILURE_CLASS_COUNT; ++i) {
        stated += failures->per_chip_h[i];
        parts += failures->part[i];
    }
    double per_chip_h = stated > 0 ? stated : c->cluster->chip.failures_per_chip_h;
    job->failures_per_s = per_chip_h * step->chips_used_count / SECONDS_PER_HOUR;
    for (int i = 0; i < FC_FAILURE_CLASS_COUNT; ++i) {
        job->part[i] = stated > 0 ? failures->per_chip_h[i] / stated : parts > 0 ? failures->part[i] / parts : 0.0;
        job->shape[i] = failures->shape[i] > 0 ? failures->shape[i] : 1.0;
    }
    if (!(stated > 0) && !(parts > 0)) { /* of what kind is not known: the kind that no spare and no replica helps */
        job->part[FC_FAILURE_SOFTWARE] = 1.0;
    }
}

/* Copies of the whole state: any failure but of the last leaves one. ZeRO splits it over replicas; HSDP over a group. */
static double replicas(const fc_run_case *c) {
    double ranks = (double)c->plan->dp * (c->plan->cp > 0 ? c->plan->cp : 1);
    if (c->policy->replicas_count > 0) {
        return c->policy->replicas_count;
    }
    if (c->plan->zero <= 0) {
        return c->plan->dp;
    }
    return c->plan->zero_group > 0 ? ranks / c->plan->zero_group : 1.0;
}

static void fill_memory_tier(fc_hd_job *job, const fc_step *step, const fc_run_case *c) {
    const fc_policy *policy = c->policy;
    if (!(policy->memory_bytes_per_s > 0)) {
        return;
    }
    job->memory_interval_s = policy->memory_interval_s;
    job->memory_stall_s = checkpoint_bytes(c) / step->chips_used_count / policy->memory_bytes_per_s;
    job->memory_kept_frac = policy->memory_survive_frac;
    job->memory_restart_s = policy->memory_restart_s > 0 ? policy->memory_restart_s : job->restart_s;
}

/* Seconds of training at full speed, ramps included. */
static double productive_s(const fc_step *step, const fc_run_case *c) {
    const fc_policy *policy = c->policy;
    double tokens = c->ops->tokens_count;
    double run_s = fc_hd_pieces(tokens, step->tokens_per_step) * step->time_s;
    double more = 0;
    if (policy->batch_ramp_tokens > 0) {
        more += policy->batch_ramp_tokens / tokens * (1.0 / policy->batch_ramp_speed_frac - 1.0);
    }
    if (policy->seq_ramp_tokens > 0) {
        more += policy->seq_ramp_tokens / tokens * (1.0 / policy->seq_ramp_speed_frac - 1.0);
    }
    return run_s + run_s * more;
}

void fc_run_job(fc_hd_job *out, const fc_step *step, const fc_run_case *c) {
    memset(out, 0, sizeof *out);
    double write_s = checkpoint_s(c);
    out->work_s = productive_s(step, c);
    out->step_s = step->time_s;
    fill_failures(out, step, c);
    out->detect_s = c->cluster->detect_s;
    out->restart_s = c->cluster->restart_s + c->cluster->restart_s_per_kchip * 1e-3 * step->chips_used_count;
    out->interval_s = c->policy->checkpoint_interval_s;
    out->flush_s = write_s * c->policy->checkpoint_overlap_frac;
    out->stall_s = write_s - out->flush_s;
    fill_memory_tier(out, step, c);
    out->spare_hosts = c->policy->spare_hosts_count;
    out->repair_s = c->policy->repair_s;
    out->pause_s = c->policy->elastic_pause_s;
    out->replicas_count = out->pause_s > 0 ? replicas(c) : 1.0;
    fc_hd_job_settle(out);
}

/* ---- the calendar -------------------------------------------------------------------------------------------------- */

/* Chips that come later: what the run takes in all, and what it holds meanwhile. */
static double wall_of(double full_s, const fc_step *step, const fc_policy *policy) {
    double from_s[FC_MAX_DELIVERIES];
    double speed[FC_MAX_DELIVERIES];
    for (uint32_t i = 0; i < policy->deliveries_count; ++i) {
        from_s[i] = policy->deliveries[i].month * FC_MONTH_S;
        speed[i] = fc_hd_min(1.0, policy->deliveries[i].chips_count / step->chips_used_count);
    }
    return fc_hd_delivered_s(full_s, from_s, speed, (int)policy->deliveries_count);
}

static double chip_seconds(double wall_s, const fc_run_case *c) {
    const fc_policy *policy = c->policy;
    double host_chips = policy->host_chips_count > 0
                            ? policy->host_chips_count
                            : fc_hd_clamp(c->cluster->chip.scaleup_domain_count, 1.0, MOST_HOST_CHIPS);
    double spares = policy->spare_hosts_count * host_chips;
    if (policy->deliveries_count == 0) {
        /* the whole cluster is held while it trains, also the chips that the plan leaves idle */
        return (c->cluster->chips_count + spares) * wall_s;
    }
    double sum = spares * wall_s;
    for (uint32_t i = 0; i < policy->deliveries_count; ++i) {
        double from_s = policy->deliveries[i].month * FC_MONTH_S;
        double to_s = i + 1 < policy->deliveries_count ? policy->deliveries[i + 1].month * FC_MONTH_S : wall_s;
        sum += policy->deliveries[i].chips_count * fc_hd_max(0.0, fc_hd_min(to_s, wall_s) - from_s);
    }
    return sum;
}

void fc_run_repace(fc_run *run, const fc_step *step, const fc_run_case *c, double kept_frac) {
    const fc_cluster *cluster = c->cluster;
    run->goodput_frac = kept_frac * (1.0 - cluster->planned_stop_frac) * (1.0 - cluster->slow_chips_frac);
    if (c->deal->goodput_frac > 0) {
        run->goodput_frac = c->deal->goodput_frac;
    }
    double full_s = productive_s(step, c) / (run->goodput_frac * c->deal->share_frac);
    double wall_s = wall_of(full_s, step, c->policy);
    run->days = wall_s / SECONDS_PER_DAY;
    run->chip_h = chip_seconds(wall_s, c) * c->deal->share_frac / SECONDS_PER_HOUR;
}

void fc_run_project(fc_run *out, const fc_step *step, const fc_run_case *c) {
    fc_hd_job job;
    memset(out, 0, sizeof *out);
    out->tokens_count = c->ops->tokens_count;
    out->steps_count = fc_hd_pieces(out->tokens_count, step->tokens_per_step);
    fc_run_job(&job, step, c);
    out->checkpoint_s = checkpoint_s(c);
    out->replicas_count = job.replicas_count;
    if (job.failures_per_s > 0) {
        out->mtbf_s = 1.0 / job.failures_per_s;
        out->checkpoint_interval_s = job.interval_s;
        out->memory_interval_s = job.memory_interval_s;
        out->spare_wait_s = fc_hd_job_wait_s(&job);
    }
    fc_run_repace(out, step, c, fc_hd_job_goodput(&job));
}
