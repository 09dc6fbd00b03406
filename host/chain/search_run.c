/* search_run.c: a search from its first good plan to its answer: cuts walked by as many threads as there are, parts merged.
 */
#include "search_internal.h"

#include <stdlib.h> /* qsort */
#include <string.h>

/* Cuts that the first look goes through at most. */
enum { MOST_SEED_CUTS = 512 };

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the search");
}

/* ---- many cuts at once ----------------------------------------------------------------------------------------------- */

void fc_search_in_turn(uint32_t count, uint32_t slots, fc_search_work *work, void *context) {
    (void)slots;
    for (uint32_t i = 0; i < count; ++i) {
        work(context, i, 0);
    }
}

/* What went wrong first in the order of cuts, whoever met it. */
typedef struct slot {
    fc_search_part *part;
    uint32_t failed_cut;
    fc_error error;
} slot;

typedef struct crew {
    fc_search *search;
    slot *slots;
    uint32_t slots_count;
} crew;

static void note_failure(slot *s, uint32_t cut, const fc_error *error) {
    if (s->error.status == FC_OK || cut < s->failed_cut) {
        s->failed_cut = cut;
        s->error = *error;
    }
}

static fc_status first_failure(const crew *c, fc_error *error) {
    const slot *first = NULL;
    for (uint32_t i = 0; i < c->slots_count; ++i) {
        const slot *s = &c->slots[i];
        if (s->error.status != FC_OK && (first == NULL || s->failed_cut < first->failed_cut)) {
            first = s;
        }
    }
    if (first == NULL) {
        return FC_OK;
    }
    return fc_error_set(error, first->error.status, NULL, 0, 0, "%s", first->error.text);
}

static void bound_one(void *context, uint32_t index, uint32_t slot_index) {
    crew *c = context;
    fc_search_sums sums;
    fc_error error = {0};
    if (fc_search_open_cut(&sums, c->search, &c->search->cuts[index], &error) != FC_OK) {
        note_failure(&c->slots[slot_index], index, &error);
        return;
    }
    c->search->bounds_s[index] = fc_search_cut_bound_s(&sums, c->search, &c->search->cuts[index]);
}

static void walk_one(void *context, uint32_t index, uint32_t slot_index) {
    crew *c = context;
    slot *s = &c->slots[slot_index];
    fc_error error = {0};
    if (fc_search_cut(s->part, c->search, index, &error) != FC_OK) {
        note_failure(s, index, &error);
    }
}

/* ---- a first good plan ------------------------------------------------------------------------------------------------ */

typedef struct ranked {
    double bound_s;
    uint32_t cut;
} ranked;

static int by_bound(const void *a, const void *b) {
    const ranked *x = a;
    const ranked *y = b;
    if (x->bound_s != y->bound_s) {
        return x->bound_s < y->bound_s ? -1 : 1;
    }
    return x->cut < y->cut ? -1 : x->cut > y->cut;
}

/* Goes through the most promising cuts, the plainest plans of each. All of them are plans of the space, so that the last
 * of the `top` best ones bounds the answer. One thread: it is short, and the same whoever does the rest. */
static fc_status seed(fc_search *search, fc_search_part *scratch, fc_search_top *top, fc_error *error) {
    uint32_t most = search->cuts_count < MOST_SEED_CUTS ? search->cuts_count : MOST_SEED_CUTS;
    top->count = 0;
    for (uint32_t i = 0; i < most; ++i) {
        uint32_t cut = search->order[i];
        bool full = top->count == search->options.top;
        bool by_time = search->options.by == FC_SEARCH_BY_TIME;
        if (full && by_time && search->bounds_s[cut] > top->found[top->count - 1].objective) {
            break;
        }
        FC_TRY(fc_search_walk(scratch, top, search, cut, true, error));
    }
    if (top->count == search->options.top) {
        search->seed_objective = top->found[top->count - 1].objective;
    }
    return FC_OK;
}

static fc_status order_cuts(fc_search *search, fc_arena *arena, fc_error *error) {
    ranked *list = fc_arena_alloc(arena, search->cuts_count * sizeof *list);
    if (list == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; i < search->cuts_count; ++i) {
        list[i] = (ranked){search->bounds_s[i], i};
    }
    qsort(list, search->cuts_count, sizeof *list, by_bound);
    for (uint32_t i = 0; i < search->cuts_count; ++i) {
        search->order[i] = list[i].cut;
    }
    return FC_OK;
}

static fc_status make_crew(crew *out, fc_search *search, uint32_t slots, bool parts, fc_arena *arena, fc_error *error) {
    *out = (crew){.search = search, .slots_count = slots};
    out->slots = fc_arena_alloc(arena, slots * sizeof *out->slots);
    for (uint32_t i = 0; out->slots != NULL && parts && i < slots; ++i) {
        out->slots[i].part = fc_arena_alloc(arena, sizeof *out->slots[i].part);
        if (out->slots[i].part == NULL) {
            return no_memory(error);
        }
    }
    return out->slots != NULL ? FC_OK : no_memory(error);
}

fc_status fc_search_prepare(fc_search *search, fc_search_loop *loop, uint32_t slots, fc_arena *arena, fc_error *error) {
    if (search->bounds_s == NULL) {
        return FC_OK;
    }
    crew c;
    FC_TRY(make_crew(&c, search, slots, false, arena, error));
    loop(search->cuts_count, slots, bound_one, &c);
    FC_TRY(first_failure(&c, error));
    FC_TRY(order_cuts(search, arena, error));
    fc_search_part *scratch = fc_arena_alloc(arena, sizeof *scratch);
    fc_search_top *top = fc_arena_alloc(arena, sizeof *top);
    return scratch != NULL && top != NULL ? seed(search, scratch, top, error) : no_memory(error);
}

fc_status fc_search_cut(fc_search_part *out, const fc_search *search, uint32_t cut, fc_error *error) {
    fc_search_top top;
    top.count = 0;
    FC_TRY(fc_search_walk(out, &top, search, cut, false, error));
    for (uint32_t i = 0; i < top.count; ++i) {
        fc_search_keep_top(out->top, &out->top_count, search->options.top, &top.found[i]);
    }
    return FC_OK;
}

fc_status fc_search_run(fc_search_part **out, fc_search *search, fc_search_loop *loop, uint32_t slots, fc_arena *arena,
                        fc_error *error) {
    crew c;
    FC_TRY(fc_search_prepare(search, loop, slots, arena, error));
    FC_TRY(make_crew(&c, search, slots, true, arena, error));
    loop(search->cuts_count, slots, walk_one, &c);
    FC_TRY(first_failure(&c, error));
    for (uint32_t i = 1; i < slots; ++i) {
        fc_search_merge(c.slots[0].part, c.slots[i].part, search);
    }
    *out = c.slots[0].part;
    return FC_OK;
}
