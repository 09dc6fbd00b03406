/* write_plan.c: what the writers of plans share. */
#include "write_plan_parts.h"

#include <stdio.h>

fc_plan_script fc_plan_script_start(fc_arena *arena, const fc_study *study, const fc_plan *plan) {
    return (fc_plan_script){.study = study, .plan = plan, .lines = fc_text_start(arena), .notes = fc_text_start(arena)};
}

static void add_line(fc_text *text, const char *before, const char *format, va_list arguments) {
    char line[512];
    char clean[sizeof line];
    (void)vsnprintf(line, sizeof line, format, arguments);
    fc_text_excerpt(clean, sizeof clean, line); /* names come from files: no line end may leave a comment */
    fc_text_addf(text, "%s%s\n", before, clean);
}

void fc_plan_line(fc_plan_script *script, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_line(&script->lines, "    ", format, arguments);
    va_end(arguments);
}

void fc_plan_note(fc_plan_script *script, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_line(&script->notes, "# not expressed: ", format, arguments);
    va_end(arguments);
}

uint64_t fc_plan_seq_len(const fc_study *study) {
    return study->workload.seq_len > 0 ? study->workload.seq_len : study->model.seq_len;
}

uint64_t fc_plan_ranks(const fc_plan *plan) { return (uint64_t)plan->tp * plan->pp * plan->cp * plan->dp; }

double fc_plan_samples(const fc_study *study) {
    const double samples = study->workload.tokens_count / (double)fc_plan_seq_len(study);
    const double whole = (double)(uint64_t)samples;
    return whole < samples ? whole + 1 : whole;
}

uint64_t fc_plan_node(const fc_study *study, const fc_plan *plan) {
    const uint32_t domain = study->cluster.chip.scaleup_domain_count;
    uint64_t node = domain > 0 && domain < 8 ? domain : 8;
    while (fc_plan_ranks(plan) % node != 0) {
        node--;
    }
    return node;
}

fc_plan_schedule fc_plan_schedule_of(const fc_study *study, const fc_plan *plan) {
    uint32_t schedule = plan->schedule != FC_PLAN_SCHEDULE_AUTO ? plan->schedule : study->stack.schedule;
    if (schedule == FC_PLAN_SCHEDULE_AUTO) {
        schedule = plan->vpp > 1 ? FC_PLAN_SCHEDULE_INTERLEAVED : FC_PLAN_SCHEDULE_1F1B;
    }
    return (fc_plan_schedule)schedule;
}

const char *fc_plan_schedule_name(fc_plan_schedule schedule) {
    static const char *const names[FC_PLAN_SCHEDULE_COUNT] = {"auto",        "gpipe",       "1f1b",
                                                              "interleaved", "zero-bubble", "dualpipe"};
    return names[schedule];
}

void fc_plan_common_notes(fc_plan_script *script) {
    const fc_study *study = script->study;
    const double used = (double)fc_plan_ranks(script->plan);
    if (study->cluster.chips_count > used) {
        fc_plan_note(script, "%.0f of the cluster's %.0f chips stay idle", study->cluster.chips_count - used,
                     study->cluster.chips_count);
    }
    if (study->cluster.chip.devices_per_chip > 1) {
        fc_plan_note(script, "a chip %s is seen as %u devices; ranks here are chips", study->cluster.chip.name,
                     study->cluster.chip.devices_per_chip);
    }
    fc_plan_note(script,
                 "network, rates and memory of the chips, and what stack %s hides, loses or reserves "
                 "(flopcast show %s)",
                 study->stack.name, study->stack.name);
    if (script->plan->rank_order == FC_RANK_ORDER_TP_EP_CP_DP_PP) {
        fc_plan_note(script, "rank_order tp-ep-cp-dp-pp, experts nearer than context ranks");
    }
}
