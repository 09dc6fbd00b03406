/* trials_remedies.c: what would help most against failures. The factors are questions, not facts. */
#include "trials_luck.h"

#include <math.h> /* floor */
#include <stdbool.h>
#include <stdio.h>

/* Makes one change; false where it is made already or cannot be. */
typedef bool changer(fc_study *study, const fc_estimate *e, char *words, size_t size);

static bool fewer_failures(fc_study *study, const fc_estimate *e, char *words, size_t size) {
    (void)e;
    study->cluster.chip.failures_per_chip_h *= 0.5;
    for (int i = 0; i < FC_FAILURE_CLASS_COUNT; ++i) {
        study->cluster.failures.per_chip_h[i] *= 0.5;
    }
    snprintf(words, size, "half as many failures");
    return true;
}

static bool faster_restart(fc_study *study, const fc_estimate *e, char *words, size_t size) {
    (void)e;
    study->cluster.detect_s *= 0.25;
    study->cluster.restart_s *= 0.25;
    study->cluster.restart_s_per_kchip *= 0.25;
    study->policy.memory_restart_s *= 0.25;
    snprintf(words, size, "detection and restart four times as fast");
    return study->cluster.detect_s + study->cluster.restart_s + study->cluster.restart_s_per_kchip > 0;
}

static bool faster_storage(fc_study *study, const fc_estimate *e, char *words, size_t size) {
    (void)e;
    study->cluster.storage_bytes_per_s *= 4;
    snprintf(words, size, "storage four times as fast");
    return study->cluster.storage_bytes_per_s > 0;
}

static bool write_beside(fc_study *study, const fc_estimate *e, char *words, size_t size) {
    (void)e;
    bool open = study->policy.checkpoint_overlap_frac < 0.95 && study->cluster.storage_bytes_per_s > 0;
    study->policy.checkpoint_overlap_frac = 0.95;
    snprintf(words, size, "checkpoints written beside training (run.checkpoint_overlap=0.95)");
    return open;
}

static bool copy_in_memory(fc_study *study, const fc_estimate *e, char *words, size_t size) {
    (void)e;
    bool open = !(study->policy.memory_bytes_per_s > 0);
    study->policy.memory_bytes_per_s = 1e9;
    study->policy.memory_survive_frac = 0.9;
    snprintf(words, size, "copies in memory (run.memory_bw=1GB/s, run.memory_survives=0.9)");
    return open;
}

/* Whole copies of the state that memory has room for: ZeRO then splits it inside each, so its share of a chip grows. */
static uint32_t replicas_that_fit(const fc_estimate *e) {
    const fc_memory *memory = &e->point.memory;
    double split = memory->cause_bytes[FC_MEMORY_MASTER] + memory->cause_bytes[FC_MEMORY_OPTIMIZER];
    split += e->point.plan.zero >= 2 ? memory->cause_bytes[FC_MEMORY_GRADS] : 0;
    split += e->point.plan.zero >= 3 ? memory->cause_bytes[FC_MEMORY_WEIGHTS] : 0;
    double room = memory->capacity_bytes - memory->per_chip_bytes;
    uint32_t copies = 1;
    while (copies * 2 <= e->point.plan.dp && e->point.plan.dp % (copies * 2) == 0 &&
           (e->point.plan.zero <= 0 || (2.0 * copies - 1) * split <= room)) {
        copies *= 2;
    }
    return copies;
}

static bool carry_on(fc_study *study, const fc_estimate *e, char *words, size_t size) {
    uint32_t copies = replicas_that_fit(e);
    bool open = !(study->policy.elastic_pause_s > 0) && copies >= 2;
    study->policy.elastic_pause_s = 30;
    study->policy.replicas_count = copies;
    snprintf(words, size, "replicas that carry on (run.elastic_pause=30s, run.replicas=%u)", copies);
    return open;
}

static void insert(fc_estimate *out, const fc_run_remedy *remedy) {
    uint32_t at = out->run_remedies_count++;
    while (at > 0 && out->run_remedies[at - 1].goodput_frac < remedy->goodput_frac) {
        out->run_remedies[at] = out->run_remedies[at - 1];
        at -= 1;
    }
    out->run_remedies[at] = *remedy;
}

void fc_luck_remedies(fc_estimate *out, const fc_study *study) {
    static changer *const changes[FC_MAX_RUN_REMEDIES] = {fewer_failures, faster_restart, faster_storage,
                                                          write_beside,   copy_in_memory, carry_on};
    out->run_remedies_count = 0;
    if (!(out->point.run.mtbf_s > 0) || study->deal.goodput_frac > 0) {
        return;
    }
    for (int i = 0; i < FC_MAX_RUN_REMEDIES; ++i) {
        fc_run_remedy remedy;
        fc_run run;
        fc_study changed = *study;
        if (!changes[i](&changed, out, remedy.change, sizeof remedy.change)) {
            continue;
        }
        const fc_run_case c = {&out->ops, &changed.cluster, &out->point.plan, &changed.policy, &changed.deal};
        fc_run_project(&run, &out->point.step, &c);
        remedy.goodput_frac = run.goodput_frac;
        if (remedy.goodput_frac > out->point.run.goodput_frac) {
            insert(out, &remedy);
        }
    }
}
