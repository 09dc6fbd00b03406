/* write_plan_parts.h: what the writers of plans share. Private to them. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_PLAN_PARTS_H
#define FLOPCAST_HOST_DOORS_WRITE_PLAN_PARTS_H

#include "write_plan.h"

typedef struct fc_plan_script {
    const fc_study *study;
    const fc_plan *plan;
    fc_text lines;
    fc_text notes;
} fc_plan_script;

fc_plan_script fc_plan_script_start(fc_arena *arena, const fc_study *study, const fc_plan *plan);
/* A line of `lines`, indented by four blanks. */
void fc_plan_line(fc_plan_script *script, const char *format, ...) FC_PRINTF(2, 3);
/* "# not expressed: …" */
void fc_plan_note(fc_plan_script *script, const char *format, ...) FC_PRINTF(2, 3);

/* Tokens of a sequence, ranks that work, sequences and steps of the run (rounded up). */
uint64_t fc_plan_seq_len(const fc_study *study);
uint64_t fc_plan_ranks(const fc_plan *plan);
double fc_plan_samples(const fc_study *study);
/* GPUs of a node: eight, or the scale-up domain where that is smaller, or fewer where they would not divide the ranks. */
uint64_t fc_plan_node(const fc_study *study, const fc_plan *plan);
/* The plan's schedule, else the stack's; auto resolved by vpp. */
fc_plan_schedule fc_plan_schedule_of(const fc_study *study, const fc_plan *plan);
const char *fc_plan_schedule_name(fc_plan_schedule schedule);
/* Notes on what no other program takes as an argument: host's habits of the stack, chips left idle. */
void fc_plan_common_notes(fc_plan_script *script);

/* The model's part of Megatron's arguments. */
void fc_plan_megatron_model(fc_plan_script *script);

#endif
