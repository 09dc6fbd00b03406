/* write_plan.h: a plan in the words of other programs, so that it can be run or checked there.
 *
 * Nothing is dropped in silence: what the other program cannot say is a line of `notes` (each "not expressed: …"), which
 * stands as a comment in formats that have comments. `plan` is complete, as an estimate or a search gives it; `study` is
 * checked. Texts lie in `out`'s arena.
 */
#ifndef FLOPCAST_HOST_DOORS_WRITE_PLAN_H
#define FLOPCAST_HOST_DOORS_WRITE_PLAN_H

#include "../base/text.h"
#include "flopcast/study.h"

/* A shell script: Megatron-core's arguments in an array, and the line that starts it. `flopcast import` reads it back. */
void fc_write_plan_megatron(fc_text *out, const fc_study *study, const fc_plan *plan);
/* Tables of a torchtitan TOML file. */
void fc_write_plan_torchtitan(fc_text *out, const fc_study *study, const fc_plan *plan);

typedef enum fc_calculon_part {
    FC_CALCULON_ALL = 0, /* {"application": …, "execution": …}, which `flopcast import` reads back */
    FC_CALCULON_APPLICATION,
    FC_CALCULON_EXECUTION,
    FC_CALCULON_PART_COUNT
} fc_calculon_part;

/* Calculon's JSON, whose execution allows no key of ours; `notes` gets lines. FC_BAD_INPUT for models and plans that Calculon
 * has no words for at all: experts, latent attention, state-space layers, an encoder, context ranks. */
fc_status fc_write_plan_calculon(fc_text *out, fc_text *notes, const fc_study *study, const fc_plan *plan,
                                 fc_calculon_part part, fc_error *error);

#endif
