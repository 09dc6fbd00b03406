/* import_megatron.h: Megatron-LM's arguments into a study. What each means: megatron/training/arguments.py of
 * NVIDIA/Megatron-LM and its TransformerConfig. Private to the importers of studies. */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_MEGATRON_H
#define FLOPCAST_HOST_DOORS_IMPORT_MEGATRON_H

#include "import_given.h"

typedef struct fc_megatron {
    fc_draft *draft;
    const fc_given_list *given;
    uint64_t layers;
    uint64_t heads;
    uint64_t hidden;
    uint64_t seq_len;
    uint64_t experts;
    uint64_t tp;
    uint64_t pp;
    uint64_t vpp;
    uint64_t cp;
    uint64_t ep;
    uint64_t dp;           /* 0: the number of GPUs is not known */
    uint64_t global_batch; /* 0: not known */
} fc_megatron;

/* Whole numbers, switches and words of the list. A value that only the shell knows leaves a remark and counts as absent:
 * *found is NULL then, as for an option that is not there. `fallback` is Megatron's own default. */
fc_status fc_megatron_count(uint64_t *out, fc_given **found, fc_megatron *in, const char *name, uint64_t fallback,
                            uint64_t least, uint64_t most, fc_error *error);
fc_status fc_megatron_number(double *out, fc_given **found, fc_megatron *in, const char *name, double fallback,
                             double least, double most, fc_error *error);
fc_status fc_megatron_switch(bool *out, fc_given **found, fc_megatron *in, const char *name, fc_error *error);
fc_status fc_megatron_word(const char **out, fc_given **found, fc_megatron *in, const char *name, const char *fallback,
                           fc_error *error);
/* Place of an option, or nowhere. */
fc_place fc_megatron_place(const fc_given *given);
/* "--name: value is what?", with the words allowed. */
fc_status fc_megatron_refuse(const fc_given *given, const char *allowed, fc_error *error);

/* The model's shape. */
fc_status fc_megatron_model(fc_megatron *in, fc_error *error);
/* Experts and MLA, called by it. */
fc_status fc_megatron_experts(fc_megatron *in, fc_error *error);
fc_status fc_megatron_mla(fc_megatron *in, fc_error *error);
/* GPUs, parallel sizes, batch, recomputation, sharding, offload. */
fc_status fc_megatron_plan(fc_megatron *in, fc_error *error);
/* Number formats, optimizer, tokens, and what the software does. */
fc_status fc_megatron_work(fc_megatron *in, fc_error *error);
/* Remarks on all options that nothing has read. */
void fc_megatron_leftovers(fc_megatron *in);

/* The whole: `given` into `draft`. */
fc_status fc_import_megatron(fc_draft *draft, const fc_given_list *given, fc_error *error);

#endif
