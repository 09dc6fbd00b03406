/* plan_choose.c: a sensible plan where the study leaves one open: the fastest of a bounded set that fits.
 *
 * The set (docs/formulas.md, "Choosing a plan"): TP up to the scale-up domain, PP with useful layer counts a stage, CP
 * for long sequences, EP over divisors of the experts, micro-batch 1 to 8, the least recomputation that fits. Ties go to
 * the first in this order, so the same study gets the same plan.
 */
#include "plan_fit.h"

#include "flopcast/estimate.h"
#include "flopcast/hd/hd.h"

#include <string.h>

enum { MOST_CHOICES = 64, MOST_MICRO_BATCH = 8, MOST_CONTEXT = 64, LEAST_TOKENS_PER_CONTEXT_RANK = 4096 };

typedef struct choices {
    uint32_t count;
    uint32_t values[MOST_CHOICES];
} choices;

static void add_choice(choices *list, uint32_t value) {
    for (uint32_t i = 0; i < list->count; ++i) {
        if (list->values[i] == value) {
            return;
        }
    }
    if (list->count < MOST_CHOICES) {
        list->values[list->count++] = value;
    }
}

static choices only(uint32_t value) {
    choices list = {0};
    add_choice(&list, value);
    return list;
}

/* Powers of two up to `most` that divide `divided` (0: anything). */
static choices powers(uint32_t most, uint32_t divided) {
    choices list = {0};
    for (uint32_t value = 1; value <= most && value < (1u << 30); value *= 2) {
        if (divided == 0 || divided % value == 0) {
            add_choice(&list, value);
        }
    }
    return list;
}

static choices tensor_choices(const fc_study *study) {
    if (study->plan.tp > 0) {
        return only(study->plan.tp);
    }
    double domain = study->cluster.tiers_count > 0 ? study->cluster.tiers[0].chips_count : 1.0;
    double most = fc_hd_min(domain, study->cluster.chips_count);
    return powers((uint32_t)most, study->model.heads);
}

/* Stage counts that waste no layer, and powers of two. */
static choices pipeline_choices(const fc_study *study) {
    uint32_t layers = study->model.layers_count + study->model.encoder_layers;
    if (study->plan.pp > 0) {
        return only(study->plan.pp);
    }
    choices list = {0};
    for (uint32_t stages = 1; stages <= layers; ++stages) {
        bool power = (stages & (stages - 1)) == 0;
        if ((layers % stages == 0 || power) && stages <= study->cluster.chips_count) {
            add_choice(&list, stages);
        }
    }
    return list;
}

/* Layers on the fullest stage. */
static uint32_t stage_layers(uint32_t layers, uint32_t pp, uint32_t chunks) {
    uint32_t pieces = pp * chunks;
    return (layers + pieces - 1) / pieces * chunks;
}

static choices chunk_choices(const fc_study *study, uint32_t pp) {
    uint32_t layers = study->model.layers_count + study->model.encoder_layers;
    uint32_t given = study->plan.vpp;
    if (given > 0) {
        /* without a pipeline there is nothing to interleave, and a chunk has a layer, or the embedding, or the head */
        uint64_t pieces = (uint64_t)given * pp;
        bool possible = (given == 1 || pp > 1) && (pieces <= layers || pieces == (uint64_t)layers + 2);
        return possible ? only(given) : (choices){0};
    }
    choices list = only(1);
    for (uint32_t chunks = 2; pp > 1 && chunks <= 8 && chunks * pp <= layers; chunks *= 2) {
        /* chunks that leave no stage fuller than without them */
        if (stage_layers(layers, pp, chunks) <= stage_layers(layers, pp, 1)) {
            add_choice(&list, chunks);
        }
    }
    return list;
}

static choices context_choices(const fc_study *study) {
    if (study->plan.cp > 0) {
        return only(study->plan.cp);
    }
    uint64_t most = study->workload.seq_len / LEAST_TOKENS_PER_CONTEXT_RANK;
    if (most > MOST_CONTEXT) {
        most = MOST_CONTEXT;
    }
    choices list = only(1);
    for (uint32_t ranks = 2; ranks <= most && study->workload.seq_len % ranks == 0; ranks *= 2) {
        add_choice(&list, ranks);
    }
    return list;
}

/* Replicas must be a multiple of this, so that a given EP spreads evenly over the ranks of a stage. */
static uint32_t expert_unit(const fc_study *study, const fc_plan *plan) {
    uint32_t taken = (study->plan.ep > 0 ? study->plan.ep : 1) * (plan->etp > 0 ? plan->etp : 1);
    uint32_t inside = plan->tp * plan->cp;
    uint32_t rest = taken;
    for (uint32_t a = inside, b = taken; b > 0;) {
        uint32_t next = a % b;
        a = b;
        b = next;
        rest = taken / a;
    }
    return study->plan.ep > 1 ? rest : 1;
}

static choices expert_choices(const fc_study *study, const fc_plan *plan) {
    uint32_t dp = plan->dp;
    if (study->plan.ep > 0) {
        return dp % expert_unit(study, plan) == 0 ? only(study->plan.ep) : (choices){0};
    }
    if (study->model.experts == 0) {
        return only(1);
    }
    choices divisors = powers(study->model.experts, study->model.experts);
    choices list = {0};
    for (uint32_t i = 0; i < divisors.count; ++i) {
        if (dp % divisors.values[i] == 0) {
            add_choice(&list, divisors.values[i]);
        }
    }
    return list;
}

uint32_t fc_plan_default_batch(const fc_study *study) {
    double wanted = study->batch_tokens / (double)study->workload.seq_len;
    uint32_t batch = 1;
    while (batch < (1u << 24) && batch * 2.0 <= wanted) {
        batch *= 2;
    }
    return batch;
}

/* The largest divisor of `count` that is at most `most`; 0 where most is 0. */
static uint32_t divisor_at_most(uint32_t count, uint32_t most) {
    uint32_t best = 0;
    for (uint32_t small = 1; (uint64_t)small * small <= count; ++small) {
        if (count % small == 0) {
            if (count / small <= most) {
                return count / small;
            }
            best = small <= most ? small : best;
        }
    }
    return best;
}

/* The most replicas, within the chips, that split the batch evenly into micro-batches and a given EP evenly; 0 if none. */
static uint32_t replicas(const fc_study *study, const fc_plan *plan) {
    double room = floor(study->cluster.chips_count / ((double)plan->tp * plan->pp * plan->cp));
    if (study->plan.dp > 0) {
        bool divides = plan->global_batch % ((uint64_t)study->plan.dp * plan->micro_batch) == 0;
        return divides && study->plan.dp <= room ? study->plan.dp : 0;
    }
    uint32_t unit = expert_unit(study, plan);
    if (plan->global_batch % ((uint64_t)plan->micro_batch * unit) != 0) {
        return 0;
    }
    uint32_t groups = plan->global_batch / plan->micro_batch / unit;
    double most = fc_hd_min(floor(room / unit), groups);
    return unit * divisor_at_most(groups, (uint32_t)most);
}

typedef struct search {
    const fc_study *study;
    const fc_ops *ops;
    fc_memory_rows rows; /* of the tp at hand */
    fc_plan best;
    double best_s;
    fc_plan unfit; /* the fastest of those that do not fit, where the study takes such */
    double unfit_s;
    double tried_count;
    double fitting_count;
    fc_plan closest; /* least memory over capacity */
    double closest_bytes;
    bool only_any; /* the first plan that fits is enough, and its time does not matter */
} search;

static fc_status keep_unfit(search *s, const fc_plan *plan, fc_error *error) {
    fc_step step;
    FC_TRY(fc_step_time(&step, s->ops, &s->study->cluster, plan, &s->study->stack, error));
    if (s->unfit_s == 0 || step.time_s < s->unfit_s) {
        s->unfit = *plan;
        s->unfit_s = step.time_s;
    }
    return FC_OK;
}

static fc_status try_plan(search *s, fc_plan *plan, fc_error *error) {
    fc_memory memory;
    if (s->only_any && s->fitting_count > 0) {
        return FC_OK;
    }
    s->tried_count += 1;
    bool fits = fc_plan_fit_recompute(&memory, plan, &s->rows, s->ops, s->study);
    if (s->closest_bytes == 0 || memory.per_chip_bytes < s->closest_bytes) {
        s->closest = *plan;
        s->closest_bytes = memory.per_chip_bytes;
    }
    if (!fits) {
        return s->study->memory_unchecked && !s->only_any ? keep_unfit(s, plan, error) : FC_OK;
    }
    if (s->only_any) {
        s->fitting_count += 1;
        return FC_OK;
    }
    fc_step step;
    FC_TRY(fc_step_time(&step, s->ops, &s->study->cluster, plan, &s->study->stack, error));
    s->fitting_count += 1;
    if (s->best_s == 0 || step.time_s < s->best_s) {
        s->best = *plan;
        s->best_s = step.time_s;
    }
    return FC_OK;
}

static fc_status try_zero_stages(search *s, fc_plan *plan, fc_error *error) {
    fc_plan given = s->study->plan;
    if (given.zero >= 0) {
        plan->zero = given.zero;
        return try_plan(s, plan, error);
    }
    double fitting_count = s->fitting_count;
    plan->zero = 1;
    FC_TRY(try_plan(s, plan, error));
    if (plan->pp == 1 && plan->dp > 1) {
        plan->zero = 3;
        FC_TRY(try_plan(s, plan, error));
    } else if (plan->dp > 1 && s->fitting_count == fitting_count) {
        plan->zero = 2; /* gradients travel each micro-batch: only where memory asks for it */
        FC_TRY(try_plan(s, plan, error));
    }
    return FC_OK;
}

/* Experts whole on a rank; where no such plan fits, split over the tensor ranks, which takes less memory. */
static fc_status try_expert_tensor(search *s, fc_plan *plan, fc_error *error) {
    double fitting_count = s->fitting_count;
    const fc_study *study = s->study;
    if (study->model.experts > 0) { /* what a rank holds of them depends on ep */
        fc_memory_sum(&s->rows, s->ops, &study->cluster, plan, &study->stack);
    }
    FC_TRY(try_zero_stages(s, plan, error));
    bool open = study->plan.etp == 0 && study->plan.ep == 0;
    bool may_split = open && plan->ep > 1 && plan->tp > 1 && plan->dp % plan->ep == 0;
    if (!may_split || s->fitting_count > fitting_count) {
        return FC_OK;
    }
    plan->etp = plan->tp;
    fc_memory_sum(&s->rows, s->ops, &study->cluster, plan, &study->stack);
    FC_TRY(try_zero_stages(s, plan, error));
    plan->etp = 0;
    return FC_OK;
}

static fc_status try_micro_batches(search *s, fc_plan *plan, fc_error *error) {
    uint32_t given = s->study->plan.micro_batch;
    for (uint32_t micro = given ? given : 1; micro <= (given ? given : MOST_MICRO_BATCH); micro *= 2) {
        plan->micro_batch = micro;
        plan->dp = replicas(s->study, plan);
        uint32_t group = s->study->plan.zero_group;
        if (plan->dp == 0 || (group > 0 && (uint64_t)plan->dp * plan->cp % group != 0)) {
            continue;
        }
        choices experts = expert_choices(s->study, plan);
        for (uint32_t i = 0; i < experts.count; ++i) {
            plan->ep = experts.values[i];
            FC_TRY(try_expert_tensor(s, plan, error));
        }
        if (given) {
            break;
        }
    }
    return FC_OK;
}

static fc_status try_all(search *s, fc_error *error) {
    const fc_study *study = s->study;
    fc_plan plan = study->plan;
    if (plan.global_batch == 0) {
        plan.global_batch = fc_plan_default_batch(study);
    }
    choices tensor = tensor_choices(study);
    choices pipeline = pipeline_choices(study);
    choices context = context_choices(study);
    for (uint32_t i = 0; i < tensor.count; ++i) {
        plan.tp = tensor.values[i];
        double ranks = (double)plan.tp * study->cluster.chip.devices_per_chip; /* that split a layer's tensors */
        plan.sequence_parallel = study->plan.sequence_parallel >= 0 ? study->plan.sequence_parallel : ranks > 1;
        fc_memory_sum(&s->rows, s->ops, &study->cluster, &plan, &study->stack);
        for (uint32_t j = 0; j < pipeline.count; ++j) {
            plan.pp = pipeline.values[j];
            choices chunks = chunk_choices(study, plan.pp);
            for (uint32_t k = 0; k < chunks.count * context.count; ++k) {
                plan.vpp = chunks.values[k % chunks.count];
                plan.cp = context.values[k / chunks.count];
                FC_TRY(try_micro_batches(s, &plan, error));
            }
        }
    }
    return FC_OK;
}

bool fc_plan_any(const fc_ops *ops, const fc_study *study) {
    search s;
    memset(&s, 0, sizeof s);
    s.study = study;
    s.ops = ops;
    s.only_any = true;
    return try_all(&s, NULL) == FC_OK && s.fitting_count > 0;
}

fc_status fc_plan_choose(fc_plan *out, fc_estimate *counts, const fc_ops *ops, const fc_study *study, fc_error *error) {
    search s;
    memset(&s, 0, sizeof s);
    s.study = study;
    s.ops = ops;
    FC_TRY(try_all(&s, error));
    counts->plans_tried_count = s.tried_count;
    counts->plans_fitting_count = s.fitting_count;
    if (s.tried_count == 0) {
        return fc_error_set(error, FC_INFEASIBLE, NULL, 0, 0,
                            "no plan splits global_batch = %u over %.0f chips as given: leave plan.dp, plan.ep or "
                            "plan.micro_batch open, or change workload.global_batch",
                            study->plan.global_batch, study->cluster.chips_count);
    }
    if (s.best_s == 0 && s.unfit_s > 0) {
        *out = s.unfit;
        return FC_OK;
    }
    if (s.best_s == 0) {
        return fc_plan_refuse(counts, &s.closest, ops, study, error);
    }
    *out = s.best;
    return FC_OK;
}
