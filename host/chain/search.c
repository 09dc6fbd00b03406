/* search.c: a search opened: the question checked, formats and stacks made, cuts listed; and the study of what is found. */
#include "search_internal.h"

#include <string.h>

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the search");
}

static fc_status check_question(const fc_study *study, const fc_search_options *options, fc_error *error) {
    if (study->deal.mfu_frac > 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "deal.mfu = %g is what every plan would reach, so that none is better than another: leave "
                            "it out to search",
                            study->deal.mfu_frac);
    }
    bool dollars = options->by == FC_SEARCH_BY_COST || options->most_usd > 0;
    if (dollars && study->deal.pricing == FC_PRICING_NONE) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "deal.usd_per_chip_h is not known, so no plan has a price: give one, or search by time");
    }
    return FC_OK;
}

/* The study's stack with each choice of overlaps. */
static void make_stacks(fc_search *out) {
    for (uint32_t off = 0; off < 32; ++off) {
        fc_stack *stack = &out->stacks[off];
        *stack = out->study.stack;
        stack->tp_overlap_frac = off & (uint32_t)FC_OVERLAP_TP ? 0 : stack->tp_overlap_frac;
        stack->ep_overlap_frac = off & (uint32_t)FC_OVERLAP_EP ? 0 : stack->ep_overlap_frac;
        stack->cp_overlap_frac = off & (uint32_t)FC_OVERLAP_CP ? 0 : stack->cp_overlap_frac;
        stack->pp_overlap_frac = off & (uint32_t)FC_OVERLAP_PP ? 0 : stack->pp_overlap_frac;
        stack->dp_overlap_frac = off & (uint32_t)FC_OVERLAP_DP ? 0 : stack->dp_overlap_frac;
    }
}

static fc_status make_formats(fc_search *out, fc_arena *arena, fc_error *error) {
    out->formats = fc_arena_alloc(arena, out->lists.formats_count * sizeof *out->formats);
    if (out->formats == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; i < out->lists.formats_count; ++i) {
        fc_search_format *format = &out->formats[i];
        format->workload = out->study.workload;
        format->workload.dtype = out->lists.formats[i];
        fc_ops_count(&format->ops, &out->study.model, &format->workload);
    }
    return FC_OK;
}

static fc_status list_cuts(fc_search *out, fc_arena *arena, fc_error *error) {
    const uint32_t most_cuts = 1u << 20;
    uint32_t count = fc_space_cuts(NULL, 0, &out->lists);
    if (count == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "space has no plan at all: tp, ep, etp and sequence_parallel exclude each other");
    }
    if (count > most_cuts) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                            "space has %u ways to divide operations, at most %u are looked at: narrow space.tp, "
                            "space.ep, space.cp or space.micro_batch",
                            count, most_cuts);
    }
    out->cuts = fc_arena_alloc(arena, count * sizeof *out->cuts);
    if (out->cuts == NULL) {
        return no_memory(error);
    }
    out->cuts_count = fc_space_cuts(out->cuts, count, &out->lists);
    return FC_OK;
}

fc_status fc_search_open(fc_search **out, const fc_study *study, const fc_space *space,
                         const fc_search_options *options, const fc_engine *engine, fc_arena *arena, fc_error *error) {
    fc_search *search = fc_arena_alloc(arena, sizeof *search);
    if (search == NULL) {
        return no_memory(error);
    }
    FC_TRY(check_question(study, options, error));
    search->study = *study;
    search->space = *space;
    search->options = *options;
    search->options.top = options->top < 1 ? 1 : options->top;
    search->options.top = search->options.top > FC_SEARCH_MOST_TOP ? FC_SEARCH_MOST_TOP : search->options.top;
    search->engine = engine;
    FC_TRY(fc_space_list(&search->lists, &search->study, &search->space, options->most_chips, error));
    make_stacks(search);
    FC_TRY(make_formats(search, arena, error));
    FC_TRY(list_cuts(search, arena, error));
    bool pruned = !options->exhaustive && options->by != FC_SEARCH_BY_MEMORY;
    if (pruned) {
        search->bounds_s = fc_arena_alloc(arena, search->cuts_count * sizeof *search->bounds_s);
        search->order = fc_arena_alloc(arena, search->cuts_count * sizeof *search->order);
        if (search->bounds_s == NULL || search->order == NULL) {
            return no_memory(error);
        }
    }
    *out = search;
    return FC_OK;
}

uint32_t fc_search_cuts_count(const fc_search *search) { return search->cuts_count; }

/* ---- what is found ---------------------------------------------------------------------------------------------------- */

/* A range of an overlap that is switched off would be drawn again. */
static void drop_spread(fc_study *study, const double *field) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        if ((const char *)study + study->spreads[i].offset != (const char *)field) {
            study->spreads[kept++] = study->spreads[i];
        }
    }
    study->spreads_count = kept;
}

void fc_search_study(fc_study *out, const fc_study *study, const fc_found *found) {
    *out = *study;
    out->plan = found->plan;
    out->workload.dtype = found->dtype;
    double *const fields[] = {&out->stack.tp_overlap_frac, &out->stack.ep_overlap_frac, &out->stack.cp_overlap_frac,
                              &out->stack.pp_overlap_frac, &out->stack.dp_overlap_frac};
    for (uint32_t i = 0; i < sizeof fields / sizeof fields[0]; ++i) {
        if (found->overlap_off >> i & 1u) {
            *fields[i] = 0;
            drop_spread(out, fields[i]);
        }
    }
}
