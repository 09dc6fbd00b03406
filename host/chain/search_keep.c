/* search_keep.c: the best plans, the front, and how parts of an answer become one. */
#include "search_internal.h"

#include "flopcast/hd/hd.h"

#include <string.h>

/* ---- order --------------------------------------------------------------------------------------------------------- */

static int by_number(double a, double b) { return a < b ? -1 : a > b ? 1 : 0; }

/* Plans that take the same are told apart by their fields in this order, the smaller number first. */
static int compare_plans(const fc_plan *a, const fc_plan *b) {
    const uint32_t rows[][2] = {
        {a->tp, b->tp},
        {a->pp, b->pp},
        {a->vpp, b->vpp},
        {a->dp, b->dp},
        {a->cp, b->cp},
        {a->ep, b->ep},
        {a->etp, b->etp},
        {(uint32_t)a->sequence_parallel, (uint32_t)b->sequence_parallel},
        {a->micro_batch, b->micro_batch},
        {a->global_batch, b->global_batch},
        {a->recompute, b->recompute},
        {a->recompute_layers, b->recompute_layers},
        {(uint32_t)a->zero, (uint32_t)b->zero},
        {a->zero_group, b->zero_group},
        {a->schedule, b->schedule},
        {a->rank_order, b->rank_order},
        {a->offload_optimizer, b->offload_optimizer},
        {a->offload_weights, b->offload_weights},
        {a->offload_activations, b->offload_activations},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        if (rows[i][0] != rows[i][1]) {
            return rows[i][0] < rows[i][1] ? -1 : 1;
        }
    }
    return 0;
}

int fc_found_compare(const fc_found *a, const fc_found *b) {
    int order = by_number(a->objective, b->objective);
    order = order != 0 ? order : by_number(a->token_s, b->token_s);
    order = order != 0 ? order : by_number(a->per_chip_bytes, b->per_chip_bytes);
    order = order != 0 ? order : by_number(a->chips_count, b->chips_count);
    order = order != 0 ? order : by_number(a->dtype, b->dtype);
    order = order != 0 ? order : by_number(a->overlap_off, b->overlap_off);
    return order != 0 ? order : compare_plans(&a->plan, &b->plan);
}

/* ---- keeping ------------------------------------------------------------------------------------------------------- */

void fc_search_keep_top(fc_found *top, uint32_t *count, uint32_t most, const fc_found *found) {
    uint32_t at = *count;
    while (at > 0 && fc_found_compare(found, &top[at - 1]) < 0) {
        at -= 1;
    }
    if (at == most) {
        return;
    }
    uint32_t moved = (*count < most ? *count : most - 1) - at;
    memmove(&top[at + 1], &top[at], moved * sizeof top[0]);
    top[at] = *found;
    *count += *count < most;
}

/* The front asks for seconds a token, whatever the search asks for. */
static bool front_better(const fc_found *a, const fc_found *b) {
    int order = by_number(a->token_s, b->token_s);
    order = order != 0 ? order : by_number(a->per_chip_bytes, b->per_chip_bytes);
    return (order != 0 ? order : fc_found_compare(a, b)) < 0;
}

static void keep_front_at(fc_found *cell, const fc_found *found) {
    if (cell->chips_count == 0 || front_better(found, cell)) {
        *cell = *found;
    }
}

static uint32_t step_of(double value, double whole, uint32_t steps) {
    double at = fc_hd_ceil(value / whole * steps) - 1.0;
    return at <= 0 ? 0 : at >= steps ? steps - 1 : (uint32_t)at;
}

void fc_search_keep_front(fc_search_part *out, const fc_search *search, const fc_found *found) {
    const fc_cluster *cluster = &search->study.cluster;
    uint32_t memory = step_of(found->per_chip_bytes, cluster->chip.memory_bytes, FC_FRONT_MEMORY_STEPS);
    uint32_t chips = step_of(found->chips_count, cluster->chips_count, FC_FRONT_CHIP_STEPS);
    keep_front_at(&out->front[chips][memory], found);
}

static bool nearer(const fc_found *a, const fc_found *b) {
    int order = by_number(a->per_chip_bytes, b->per_chip_bytes);
    return (order != 0 ? order : fc_found_compare(a, b)) < 0;
}

void fc_search_keep_closest(fc_search_part *out, const fc_found *found) {
    if (out->closest.chips_count == 0 || nearer(found, &out->closest)) {
        out->closest = *found;
    }
}

void fc_search_merge(fc_search_part *out, const fc_search_part *part, const fc_search *search) {
    out->evaluated_count += part->evaluated_count;
    out->infeasible_count += part->infeasible_count;
    out->pruned_count += part->pruned_count;
    out->excluded_count += part->excluded_count;
    for (uint32_t i = 0; i < part->top_count; ++i) {
        fc_search_keep_top(out->top, &out->top_count, search->options.top, &part->top[i]);
    }
    if (part->closest.chips_count > 0) {
        fc_search_keep_closest(out, &part->closest);
    }
    for (uint32_t i = 0; i < FC_FRONT_CHIP_STEPS; ++i) {
        for (uint32_t j = 0; j < FC_FRONT_MEMORY_STEPS; ++j) {
            if (part->front[i][j].chips_count > 0) {
                keep_front_at(&out->front[i][j], &part->front[i][j]);
            }
        }
    }
}

/* ---- the front ------------------------------------------------------------------------------------------------------ */

static bool dominates(const fc_found *a, const fc_found *b) {
    bool as_good =
        a->token_s <= b->token_s && a->per_chip_bytes <= b->per_chip_bytes && a->chips_count <= b->chips_count;
    bool better = a->token_s < b->token_s || a->per_chip_bytes < b->per_chip_bytes || a->chips_count < b->chips_count;
    return as_good && (better || front_better(a, b));
}

static bool beaten(const fc_found *found, const fc_search_part *part) {
    for (uint32_t i = 0; i < FC_FRONT_CHIP_STEPS; ++i) {
        for (uint32_t j = 0; j < FC_FRONT_MEMORY_STEPS; ++j) {
            const fc_found *other = &part->front[i][j];
            if (other->chips_count > 0 && other != found && dominates(other, found)) {
                return true;
            }
        }
    }
    return false;
}

uint32_t fc_search_front(fc_found *out, const fc_search_part *part) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < FC_FRONT_CHIP_STEPS; ++i) {
        for (uint32_t j = 0; j < FC_FRONT_MEMORY_STEPS; ++j) {
            const fc_found *found = &part->front[i][j];
            if (found->chips_count == 0 || beaten(found, part)) {
                continue;
            }
            uint32_t at = count++;
            for (; at > 0 && front_better(found, &out[at - 1]); --at) {
                out[at] = out[at - 1];
            }
            out[at] = *found;
        }
    }
    return count;
}

/* ---- bytes ---------------------------------------------------------------------------------------------------------- */

/* Head, counts, the top, the closest, then the front's entries with their places. */
typedef struct packed_head {
    char magic[8];
    double counts[4];
    uint32_t top_count;
    uint32_t front_count;
    fc_found closest;
} packed_head;

static const char MAGIC[8] = {'f', 'c', 'p', 'a', 'r', 't', '0', '1'};

static void put(unsigned char **to, const void *from, size_t size) {
    memcpy(*to, from, size);
    *to += size;
}

size_t fc_search_pack(unsigned char *out, size_t size, const fc_search_part *part) {
    packed_head head;
    memset(&head, 0, sizeof head);
    memcpy(head.magic, MAGIC, sizeof head.magic);
    head.counts[0] = part->evaluated_count;
    head.counts[1] = part->infeasible_count;
    head.counts[2] = part->pruned_count;
    head.counts[3] = part->excluded_count;
    head.top_count = part->top_count;
    head.closest = part->closest;
    const fc_found *cells = &part->front[0][0];
    const uint32_t cells_count = FC_FRONT_CHIP_STEPS * FC_FRONT_MEMORY_STEPS;
    for (uint32_t i = 0; i < cells_count; ++i) {
        head.front_count += cells[i].chips_count > 0;
    }
    size_t needed =
        sizeof head + part->top_count * sizeof(fc_found) + head.front_count * (sizeof(uint32_t) + sizeof(fc_found));
    if (out == NULL || size < needed) {
        return needed;
    }
    put(&out, &head, sizeof head);
    put(&out, part->top, part->top_count * sizeof(fc_found));
    for (uint32_t i = 0; i < cells_count; ++i) {
        if (cells[i].chips_count > 0) {
            put(&out, &i, sizeof i);
            put(&out, &cells[i], sizeof cells[i]);
        }
    }
    return needed;
}

static fc_status refuse_bytes(fc_error *error) {
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "these bytes are not a part of a search of this version");
}

fc_status fc_search_unpack(fc_search_part *out, const unsigned char *bytes, size_t size, fc_error *error) {
    packed_head head;
    const uint32_t cells_count = FC_FRONT_CHIP_STEPS * FC_FRONT_MEMORY_STEPS;
    if (size < sizeof head) {
        return refuse_bytes(error);
    }
    memcpy(&head, bytes, sizeof head);
    size_t entry = sizeof(uint32_t) + sizeof(fc_found);
    if (memcmp(head.magic, MAGIC, sizeof head.magic) != 0 || head.top_count > FC_SEARCH_MOST_TOP ||
        head.front_count > cells_count ||
        size != sizeof head + head.top_count * sizeof(fc_found) + head.front_count * entry) {
        return refuse_bytes(error);
    }
    memset(out, 0, sizeof *out);
    out->evaluated_count = head.counts[0];
    out->infeasible_count = head.counts[1];
    out->pruned_count = head.counts[2];
    out->excluded_count = head.counts[3];
    out->top_count = head.top_count;
    out->closest = head.closest;
    bytes += sizeof head;
    memcpy(out->top, bytes, head.top_count * sizeof(fc_found));
    bytes += head.top_count * sizeof(fc_found);
    for (uint32_t i = 0; i < head.front_count; ++i, bytes += entry) {
        uint32_t at = 0;
        memcpy(&at, bytes, sizeof at);
        if (at >= cells_count) {
            return refuse_bytes(error);
        }
        memcpy(&(&out->front[0][0])[at], bytes + sizeof at, sizeof(fc_found));
    }
    return FC_OK;
}
