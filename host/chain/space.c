/* space.c: which values each axis of a space has.
 *
 * A plan key that the study gives fixes its axis. Else a bound that lists values is the axis; a range is what the wide
 * space has inside of it. What cannot be (a tp that does not divide the heads) is no part of a space.
 */
#include "space.h"

#include "plan_fit.h"

#include "flopcast/hd/hd.h"

#include <string.h>

enum {
    MOST_TENSOR = 1024,
    MOST_MICRO_BATCH = 8,
    MOST_MICRO_BATCH_WIDE = 64,
    MOST_CONTEXT = 64,
    MOST_CONTEXT_WIDE = 256,
    LEAST_TOKENS = 4096, /* of a context rank */
    LEAST_TOKENS_WIDE = 1024
};

bool fc_bound_given(const fc_bound *bound) { return bound->values_count > 0 || bound->least > 0 || bound->most > 0; }

bool fc_bound_allows(const fc_bound *bound, uint32_t value) {
    if (bound->values_count == 0) {
        return value >= bound->least && (bound->most == 0 || value <= bound->most);
    }
    for (uint32_t i = 0; i < bound->values_count; ++i) {
        if (bound->values[i] == value) {
            return true;
        }
    }
    return false;
}

/* Sorted, each value once. */
void fc_values_add(fc_values *list, uint32_t value) {
    uint32_t at = list->count;
    while (at > 0 && list->values[at - 1] >= value) {
        at -= 1;
    }
    if ((at < list->count && list->values[at] == value) || list->count == FC_SPACE_MOST_VALUES) {
        return;
    }
    memmove(&list->values[at + 1], &list->values[at], (list->count - at) * sizeof list->values[0]);
    list->values[at] = value;
    list->count += 1;
}

static void add_divisors(fc_values *list, uint32_t number, uint32_t most) {
    for (uint32_t small = 1; (uint64_t)small * small <= number; ++small) {
        if (number % small == 0) {
            if (small <= most) {
                fc_values_add(list, small);
            }
            if (number / small <= most) {
                fc_values_add(list, number / small);
            }
        }
    }
}

static void add_powers(fc_values *list, uint32_t most) {
    for (uint64_t value = 1; value <= most; value *= 2) {
        fc_values_add(list, (uint32_t)value);
    }
}

static bool is_wide(const fc_space_lists *lists, fc_space_axis axis) {
    const fc_bound *bound = &lists->space->axis[axis];
    return lists->space->kind == FC_SPACE_WIDE || bound->least > 0 || bound->most > 0;
}

/* What stands in place of a space's own values: the plan's, or a list. False where neither does. */
static bool take_stated(fc_values *list, const fc_space_lists *lists, fc_space_axis axis, uint32_t given) {
    const fc_bound *bound = &lists->space->axis[axis];
    list->count = 0;
    if (given > 0) {
        fc_values_add(list, given);
        return true;
    }
    for (uint32_t i = 0; i < bound->values_count; ++i) {
        fc_values_add(list, bound->values[i]);
    }
    return bound->values_count > 0;
}

/* Keeps what the bound allows and `goes` lets through. */
typedef bool goes_with(const fc_space_lists *lists, uint32_t value);

static void keep(fc_values *list, const fc_space_lists *lists, fc_space_axis axis, uint32_t given, goes_with *goes) {
    const fc_bound *bound = &lists->space->axis[axis];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; ++i) {
        uint32_t value = list->values[i];
        if (value > 0 && (given > 0 || fc_bound_allows(bound, value)) && goes(lists, value)) {
            list->values[kept++] = value;
        }
    }
    list->count = kept;
}

static uint32_t up_to(double chips, uint32_t most) { return (uint32_t)fc_hd_min(chips, most); }

/* ---- each axis ---------------------------------------------------------------------------------------------------- */

static bool tensor_goes(const fc_space_lists *lists, uint32_t tp) {
    uint32_t heads = lists->study->model.heads;
    return tp <= lists->most_chips && (tp == 1 || heads == 0 || heads % tp == 0);
}

static void list_tensor(fc_space_lists *out) {
    const fc_study *study = out->study;
    uint32_t given = study->plan.tp;
    if (!take_stated(&out->tp, out, FC_SPACE_TP, given)) {
        double domain = study->cluster.tiers_count > 0 ? study->cluster.tiers[0].chips_count : 1.0;
        double chips = is_wide(out, FC_SPACE_TP) ? out->most_chips : fc_hd_min(domain, out->most_chips);
        uint32_t most = up_to(chips, MOST_TENSOR);
        if (study->model.heads > 0) {
            add_divisors(&out->tp, study->model.heads, most);
        } else {
            add_powers(&out->tp, most);
        }
    }
    keep(&out->tp, out, FC_SPACE_TP, given, tensor_goes);
}

static bool pipeline_goes(const fc_space_lists *lists, uint32_t pp) {
    /* as many chunks as layers, or two more: embedding and head fill one each */
    return pp <= lists->most_chips && pp <= lists->layers + 2 && pp != lists->layers + 1;
}

static void list_pipeline(fc_space_lists *out) {
    uint32_t given = out->study->plan.pp;
    uint32_t layers = out->layers;
    if (!take_stated(&out->pp, out, FC_SPACE_PP, given)) {
        add_divisors(&out->pp, layers, layers);
        add_powers(&out->pp, layers);
        if (is_wide(out, FC_SPACE_PP)) {
            add_divisors(&out->pp, layers + 2, layers);
            /* the fewest stages for each number of layers on the fullest */
            for (uint32_t each = 1; each <= layers && out->pp.count < FC_SPACE_MOST_VALUES; ++each) {
                fc_values_add(&out->pp, (layers + each - 1) / each);
            }
        }
    }
    keep(&out->pp, out, FC_SPACE_PP, given, pipeline_goes);
}

static bool context_goes(const fc_space_lists *lists, uint32_t cp) {
    return cp <= lists->most_chips && lists->study->workload.seq_len % cp == 0;
}

static void list_context(fc_space_lists *out) {
    uint32_t given = out->study->plan.cp;
    if (!take_stated(&out->cp, out, FC_SPACE_CP, given)) {
        bool wide = is_wide(out, FC_SPACE_CP);
        uint64_t most = out->study->workload.seq_len / (wide ? LEAST_TOKENS_WIDE : LEAST_TOKENS);
        uint32_t cap = wide ? MOST_CONTEXT_WIDE : MOST_CONTEXT;
        add_powers(&out->cp, most < 1 ? 1 : most < cap ? (uint32_t)most : cap);
    }
    keep(&out->cp, out, FC_SPACE_CP, given, context_goes);
}

static bool experts_go(const fc_space_lists *lists, uint32_t ep) {
    uint32_t experts = lists->study->model.experts;
    return ep == 1 || (experts > 0 && experts % ep == 0 && ep <= lists->most_chips);
}

static bool is_power(uint32_t value) { return (value & (value - 1)) == 0; }

static void list_experts(fc_space_lists *out) {
    uint32_t given = out->study->plan.ep;
    if (!take_stated(&out->ep, out, FC_SPACE_EP, given)) {
        uint32_t experts = out->study->model.experts;
        fc_values divisors = {0};
        add_divisors(&divisors, experts > 0 ? experts : 1, experts > 0 ? experts : 1);
        for (uint32_t i = 0; i < divisors.count; ++i) {
            if (is_wide(out, FC_SPACE_EP) || is_power(divisors.values[i])) {
                fc_values_add(&out->ep, divisors.values[i]);
            }
        }
    }
    keep(&out->ep, out, FC_SPACE_EP, given, experts_go);
}

static bool anything_goes(const fc_space_lists *lists, uint32_t value) {
    (void)lists;
    (void)value;
    return true;
}

static void list_micro_batches(fc_space_lists *out) {
    uint32_t given = out->study->plan.micro_batch;
    if (!take_stated(&out->micro_batch, out, FC_SPACE_MICRO_BATCH, given)) {
        uint32_t most = out->space->axis[FC_SPACE_MICRO_BATCH].most;
        uint32_t usual = is_wide(out, FC_SPACE_MICRO_BATCH) ? MOST_MICRO_BATCH_WIDE : MOST_MICRO_BATCH;
        add_powers(&out->micro_batch, most > usual ? most : usual);
    }
    keep(&out->micro_batch, out, FC_SPACE_MICRO_BATCH, given, anything_goes);
}

/* A bound goes before the batch that the workload states. A range is doubled from its low end, and its high end is in it. */
static void list_batches(fc_space_lists *out) {
    const fc_bound *bound = &out->space->axis[FC_SPACE_GLOBAL_BATCH];
    bool bounded = fc_bound_given(bound);
    uint32_t given = bounded ? 0 : out->study->plan.global_batch;
    if (!take_stated(&out->global_batch, out, FC_SPACE_GLOBAL_BATCH, given)) {
        uint32_t usual = fc_plan_default_batch(out->study);
        uint32_t least = bound->least > 0 ? bound->least : bound->most > 0 ? 1 : usual;
        uint32_t most = bound->most > 0 ? bound->most : bounded ? 2 * usual : usual;
        for (uint64_t batch = least; batch <= most; batch *= 2) {
            fc_values_add(&out->global_batch, (uint32_t)batch);
        }
        fc_values_add(&out->global_batch, most > least ? most : least);
    }
    keep(&out->global_batch, out, FC_SPACE_GLOBAL_BATCH, given, anything_goes);
}

static bool chip_has(const fc_chip *chip, uint32_t dtype) {
    bool rate = chip->matmul[dtype].eff_frac > 0 || chip->curves.matmul[dtype].cores_count > 0;
    return chip->peak_flop_per_s[dtype] > 0 && rate;
}

static void list_formats(fc_space_lists *out) {
    static const uint32_t recipes[] = {FC_DTYPE_BF16, FC_DTYPE_FP8};
    const fc_bound *bound = &out->space->axis[FC_SPACE_DTYPE];
    uint32_t own = out->study->workload.dtype;
    if (bound->values_count > 0) {
        for (uint32_t i = 0; i < bound->values_count && out->formats_count < FC_SPACE_MOST_FORMATS; ++i) {
            out->formats[out->formats_count++] = bound->values[i];
        }
        return;
    }
    out->formats[out->formats_count++] = own;
    bool open = out->space->kind == FC_SPACE_WIDE && (own == FC_DTYPE_BF16 || own == FC_DTYPE_FP8);
    for (size_t i = 0; open && i < sizeof recipes / sizeof recipes[0]; ++i) {
        if (recipes[i] != own && chip_has(&out->study->cluster.chip, recipes[i])) {
            out->formats[out->formats_count++] = recipes[i];
        }
    }
}

/* What the host can take: bits as in `offloads`. The step model refuses what it knows no rate of. */
static uint32_t host_takes(const fc_chip *chip) {
    if (!(chip->host_memory_bytes > 0) || !(chip->host_link_bytes_per_s > 0)) {
        return 0;
    }
    return chip->host_memory_bytes_per_s > 0 ? 7u : 6u;
}

static void list_offloads(fc_space_lists *out) {
    const fc_plan *plan = &out->study->plan;
    const fc_bound *bound = &out->space->axis[FC_SPACE_OFFLOAD_OPTIMIZER]; /* weights and activations follow it */
    uint32_t fixed = (uint32_t)plan->offload_optimizer | (uint32_t)plan->offload_weights << 1 |
                     (uint32_t)plan->offload_activations << 2;
    uint32_t host = host_takes(&out->study->cluster.chip);
    for (uint32_t bits = 0; bits < 8; ++bits) {
        bool goes = (bits & fixed) == fixed;
        for (uint32_t i = 0; i < 3 && goes; ++i) {
            uint32_t on = bits >> i & 1u;
            if (fixed >> i & 1u) {
                continue;
            }
            goes = bound[i].values_count > 0 ? fc_bound_allows(&bound[i], on)
                                             : on == 0 || out->space->kind == FC_SPACE_WIDE;
        }
        if (goes && (bits & ~host) == 0) {
            out->offloads[out->offloads_count++] = bits;
        }
    }
}

/* ---- all of them --------------------------------------------------------------------------------------------------- */

static fc_status refuse_empty(const fc_space_lists *lists, fc_error *error) {
    const fc_study *study = lists->study;
    const struct {
        const char *key;
        uint32_t count;
        const char *rule;
    } rows[] = {
        {"tp", lists->tp.count, "it divides the heads and is at most the chips"},
        {"pp", lists->pp.count, "it is at most the layers and the chips"},
        {"cp", lists->cp.count, "it divides the sequence and is at most the chips"},
        {"ep", lists->ep.count, "it divides the experts and is at most the chips"},
        {"micro_batch", lists->micro_batch.count, "it is 1 or more"},
        {"global_batch", lists->global_batch.count, "it is 1 or more"},
        {"offload_optimizer", lists->offloads_count, "the host is known: cluster.chip.host_memory, host_link_bw and host_memory_bw"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        if (rows[i].count == 0) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "space.%s leaves no value that goes with %s on %.0f chips: %s", rows[i].key,
                                study->model.name, lists->most_chips, rows[i].rule);
        }
    }
    return FC_OK;
}

fc_status fc_space_list(fc_space_lists *out, const fc_study *study, const fc_space *space, double most_chips,
                        fc_error *error) {
    memset(out, 0, sizeof *out);
    const fc_bound *chips = &space->axis[FC_SPACE_CHIPS];
    out->study = study;
    out->space = space;
    out->layers = study->model.layers_count + study->model.encoder_layers;
    out->most_chips = most_chips > 0 ? fc_hd_min(most_chips, study->cluster.chips_count) : study->cluster.chips_count;
    if (chips->most > 0) {
        out->most_chips = fc_hd_min(out->most_chips, chips->most);
    }
    list_tensor(out);
    list_pipeline(out);
    list_context(out);
    list_experts(out);
    list_micro_batches(out);
    list_batches(out);
    list_formats(out);
    list_offloads(out);
    return refuse_empty(out, error);
}

/* Tensor ranks of an expert: 0 is what the plan has by itself. */
static void list_expert_tensor(fc_values *out, const fc_space_lists *lists, uint32_t tp, uint32_t ep) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_ETP];
    out->count = 0;
    if (lists->study->plan.etp > 0 || lists->study->model.experts == 0) {
        fc_values_add(out, lists->study->plan.etp);
        return;
    }
    if (bound->values_count > 0) {
        for (uint32_t i = 0; i < bound->values_count; ++i) {
            if (bound->values[i] <= tp && tp % (bound->values[i] > 0 ? bound->values[i] : 1) == 0) {
                fc_values_add(out, bound->values[i]);
            }
        }
        return;
    }
    fc_values_add(out, 0);
    for (uint32_t etp = 2; ep > 1 && etp <= tp; ++etp) {
        if (tp % etp == 0 && (etp == tp || is_wide(lists, FC_SPACE_ETP))) {
            fc_values_add(out, etp);
        }
    }
}

static void list_sequence(fc_values *out, const fc_space_lists *lists, uint32_t tp) {
    const fc_bound *bound = &lists->space->axis[FC_SPACE_SEQUENCE_PARALLEL];
    int32_t given = lists->study->plan.sequence_parallel;
    bool split = (double)tp * lists->study->cluster.chip.devices_per_chip > 1;
    out->count = 0;
    for (uint32_t on = 0; on <= 1; ++on) {
        if (given >= 0 ? on == (uint32_t)given : fc_bound_allows(bound, on) && (split || on == 0)) {
            fc_values_add(out, on);
        }
    }
}

uint32_t fc_space_cuts(fc_cut *out, uint32_t room, const fc_space_lists *lists) {
    uint32_t count = 0;
    for (uint32_t f = 0; f < lists->formats_count; ++f) {
        for (uint32_t t = 0; t < lists->tp.count; ++t) {
            uint32_t tp = lists->tp.values[t];
            fc_values sequence;
            list_sequence(&sequence, lists, tp);
            for (uint32_t e = 0; e < lists->ep.count; ++e) {
                fc_values tensor;
                list_expert_tensor(&tensor, lists, tp, lists->ep.values[e]);
                uint32_t rest = lists->cp.count * tensor.count * sequence.count * lists->micro_batch.count;
                for (uint32_t i = 0; i < rest; ++i, ++count) {
                    uint32_t at = i;
                    fc_cut cut = {.format = f, .tp = tp, .ep = lists->ep.values[e]};
                    cut.micro_batch = lists->micro_batch.values[at % lists->micro_batch.count];
                    at /= lists->micro_batch.count;
                    cut.sequence_parallel = sequence.values[at % sequence.count];
                    at /= sequence.count;
                    cut.etp = tensor.values[at % tensor.count];
                    cut.cp = lists->cp.values[at / tensor.count];
                    if (count < room) {
                        out[count] = cut;
                    }
                }
            }
        }
    }
    return count;
}
