/* Random studies on shipped chips and stacks, with the curves that were measured on them: causes add up, utilisation stays in
 * its bounds, memory does not grow with sharding, and a better machine is no slower.
 *
 * FLOPCAST_PROPERTY_STUDIES sets how many studies (20,000 by default), FLOPCAST_PROPERTY_SEED where the dice start. Each study
 * meets one change of machine and one of plan, taken in turn. */
#include "chain_random.h"

#include "flopcast/hd/kernel_collective.h"
#include "flopcast/hd/kernel_gemm.h"

enum { MOST_CHIPS = 128, MOST_STACKS = 32, LEAST_CHIPS = 25, LEAST_CURVES = 6 };

/* Everything large stands here. */
static struct {
    fc_chip chips[MOST_CHIPS];
    uint32_t chips_count;
    fc_stack stacks[MOST_STACKS];
    uint32_t stacks_count;
    fc_study study;
    fc_study changed;
    fc_ops ops;
} all;

static uint64_t wish(const char *variable, uint64_t otherwise) {
    const char *text = getenv(variable);
    uint64_t value = text != NULL ? strtoull(text, NULL, 10) : otherwise;
    assert_true(value > 0);
    return value;
}

/* ---- what is shipped -------------------------------------------------------------------------------------------- */

static fc_status study_with(fc_study *out, const chain_desk *desk, const char *key, const char *name) {
    char set[256];
    const char *sets[] = {set};
    fc_inputs inputs;
    fc_error error = {0};
    fc_config config = desk->config;
    snprintf(set, sizeof set, "%s=%s", key, name);
    config.sets = sets;
    config.sets_count = 1;
    return fc_config_study(out, &inputs, &config, "specialist-70b", &error);
}

/* A chip that lacks what a study needs (its network, say) is refused with a sentence, which other tests look at; here it is
 * left out. */
static void load_chips(const chain_desk *desk) {
    const char *const *names = NULL;
    size_t count = 0;
    uint32_t curves = 0;
    assert_int_equal(fc_catalog_names(&names, &count, &desk->config.catalog, "chips", NULL), FC_OK);
    for (size_t i = 0; i < count && all.chips_count < MOST_CHIPS; i++) {
        if (study_with(&all.study, desk, "cluster.chip", names[i]) == FC_OK) {
            all.chips[all.chips_count++] = all.study.cluster.chip;
            curves += all.study.cluster.chip.curves.matmul[FC_DTYPE_BF16].cores_count > 0.0;
        }
    }
    assert_true(all.chips_count >= LEAST_CHIPS && curves >= LEAST_CURVES);
}

static int load_all(void **state) {
    if (open_desk(state) != 0) {
        return -1;
    }
    const chain_desk *desk = *state;
    const char *const *names = NULL;
    size_t count = 0;
    load_chips(desk);
    assert_int_equal(fc_catalog_names(&names, &count, &desk->config.catalog, "stacks", NULL), FC_OK);
    for (size_t i = 0; i < count && all.stacks_count < MOST_STACKS; i++) {
        assert_int_equal(study_with(&all.study, desk, "stack", names[i]), FC_OK);
        all.stacks[all.stacks_count++] = all.study.stack;
    }
    return all.stacks_count > 1 ? 0 : -1;
}

/* What a plan may state beside its sizes. */
static void throw_options(dice *d, fc_study *out) {
    uint32_t ranks = out->plan.dp * out->plan.cp;
    out->plan.zero_group = throw_coin(d) && ranks % 2 == 0 ? ranks / 2 : 0;
    out->plan.schedule = throw_below(d, 4) == 0 ? FC_PLAN_SCHEDULE_DUALPIPE : FC_PLAN_SCHEDULE_AUTO;
    out->workload.optimizer = throw_below(d, FC_OPTIMIZER_COUNT);
    if (throw_below(d, 4) == 0) {
        out->cluster.chip.host_memory_bytes = 1e15;
        out->cluster.chip.host_link_bytes_per_s = throw_between(d, 1e9, 1e12);
        out->cluster.chip.host_memory_bytes_per_s = throw_between(d, 1e9, 1e12);
        out->plan.offload_optimizer = throw_coin(d);
        out->plan.offload_weights = throw_coin(d);
        out->plan.offload_activations = throw_coin(d);
    }
}

/* A random model, workload and plan on a shipped chip; the stack is shipped too, or random. */
static void throw_study(dice *d, fc_study *out) {
    do {
        *out = random_study(d);
        out->cluster.chip = all.chips[throw_below(d, all.chips_count)];
        out->cluster.tiers_count = 0;
        out->stack = throw_coin(d) ? all.stacks[throw_below(d, all.stacks_count)] : out->stack;
        out->workload.dtype = throw_coin(d) ? FC_DTYPE_BF16 : out->workload.dtype;
        throw_options(d, out);
    } while (fc_study_check(out, NULL) != FC_OK);
}

static fc_status time_of(fc_step *out, const fc_study *study, fc_error *error) {
    fc_ops_count(&all.ops, &study->model, &study->workload);
    return fc_step_time(out, &all.ops, &study->cluster, &study->plan, &study->stack, error);
}

/* ---- one step --------------------------------------------------------------------------------------------------- */

static void check_step(uint64_t number, const fc_step *step) {
    double sum_s = 0;
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        if (!(step->cause_s[i] >= 0.0 && isfinite(step->cause_s[i]))) {
            fail_msg("study %llu: cause %d takes %g s", (unsigned long long)number, i, step->cause_s[i]);
        }
        sum_s += step->cause_s[i];
    }
    bool adds_up = fabs(sum_s - step->time_s) <= 1e-12 * step->time_s;
    bool bounded = 0.0 < step->mfu_frac && step->mfu_frac <= step->hfu_frac && step->hfu_frac <= 1.0;
    bool finite = isfinite(step->time_s) && isfinite(step->tokens_per_s) && step->tokens_per_s > 0.0;
    if (!adds_up || !bounded || !finite) {
        fail_msg("study %llu: %.17g s of causes in a step of %.17g s, MFU %g, HFU %g", (unsigned long long)number,
                 sum_s, step->time_s, step->mfu_frac, step->hfu_frac);
    }
}

/* The two ways to refuse: a fact that the chip lacks, or more than it can do. */
static void check_refusal(uint64_t number, fc_status status, const fc_error *error) {
    bool named = strstr(error->text, "give cluster.chip.") != NULL || strstr(error->text, "give chip.") != NULL ||
                 strstr(error->text, "check chip.peak_") != NULL;
    if (status != FC_BAD_INPUT || !named) {
        fail_msg("study %llu: status %d, \"%s\"", (unsigned long long)number, (int)status, error->text);
    }
}

/* ---- a better machine ------------------------------------------------------------------------------------------- */

static double toward_one(double frac) { return frac + 0.5 * (1.0 - frac); }

/* The sheet, and the rates of the curves that stand in for it. */
static void better_peak(fc_study *study) {
    fc_chip *chip = &study->cluster.chip;
    for (int i = 0; i < FC_DTYPE_COUNT; ++i) {
        double *p = chip->curves.matmul[i].parameters;
        chip->peak_flop_per_s[i] *= 2.0;
        p[FC_GEMM_BOOST_FLOP_PER_S] *= 2.0;
        p[FC_GEMM_SUSTAINED_FLOP_PER_S] *= 2.0;
    }
}

static void better_memory(fc_study *study) {
    fc_chip *chip = &study->cluster.chip;
    chip->memory_bytes_per_s *= 2.0;
    for (int i = 0; i < FC_DTYPE_COUNT; ++i) {
        chip->curves.matmul[i].parameters[FC_GEMM_MEMORY_BYTES_PER_S] *= 2.0;
    }
}

/* The port is as good as it was, what was measured through it is better. */
static void better_links(fc_study *study) {
    for (int i = 0; i < FC_CHIP_LINK_COUNT; ++i) {
        double *p = study->cluster.chip.curves.link[i].parameters;
        p[FC_LINK_LOW_BYTES_PER_S] *= 2.0;
        p[FC_LINK_MIDDLE_BYTES_PER_S] *= 2.0;
        p[FC_LINK_HIGH_BYTES_PER_S] *= 2.0;
    }
}

static void better_scaleup(fc_study *study) {
    fc_chip *chip = &study->cluster.chip;
    chip->scaleup_bytes_per_s *= 2.0;
    chip->scaleup_peer_bytes_per_s *= 2.0;
    chip->scaleup_latency_s /= 2.0;
    fc_cluster_refresh(&study->cluster);
}

static void better_scaleout(fc_study *study) {
    study->cluster.chip.scaleout_bytes_per_s *= 2.0;
    study->cluster.chip.scaleout_latency_s /= 2.0;
    fc_cluster_refresh(&study->cluster);
}

static void better_overlap(fc_study *study) {
    study->stack.tp_overlap_frac = toward_one(study->stack.tp_overlap_frac);
    study->stack.ep_overlap_frac = toward_one(study->stack.ep_overlap_frac);
    study->stack.cp_overlap_frac = toward_one(study->stack.cp_overlap_frac);
    study->stack.pp_overlap_frac = toward_one(study->stack.pp_overlap_frac);
}

static void better_data_overlap(fc_study *study) {
    study->stack.dp_overlap_frac = toward_one(study->stack.dp_overlap_frac);
}

static void better_host(fc_study *study) {
    study->cluster.chip.launch_s /= 2.0;
    study->stack.host_layer_s /= 2.0;
    study->stack.host_moe_layer_s /= 2.0;
    study->stack.host_step_s /= 2.0;
}

static void better_balance(fc_study *study) {
    study->stack.expert_imbalance = 1.0;
    study->stack.straggler_frac /= 2.0;
    study->stack.overlap_cost_frac /= 2.0;
}

static void better_host_link(fc_study *study) {
    study->cluster.chip.host_link_bytes_per_s *= 2.0;
    study->cluster.chip.host_memory_bytes_per_s *= 2.0;
}

static const struct {
    const char *what;
    void (*change)(fc_study *study);
} machines[] = {
    {"peak", better_peak},
    {"memory bandwidth", better_memory},
    {"measured links", better_links},
    {"scale-up", better_scaleup},
    {"scale-out", better_scaleout},
    {"overlap", better_overlap},
    {"overlap of data", better_data_overlap},
    {"host", better_host},
    {"balance", better_balance},
    {"host's link", better_host_link},
};

static void tell_causes(const fc_step *before, const fc_step *after) {
    const fc_plan *plan = &all.study.plan;
    print_message("tp %u pp %u vpp %u dp %u cp %u ep %u micro-batch %u of %u\n", plan->tp, plan->pp, plan->vpp,
                  plan->dp, plan->cp, plan->ep, plan->micro_batch, plan->global_batch);
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        print_message("%-14s %.17g s, %.17g s before\n", fc_step_cause_name((fc_step_cause)i), after->cause_s[i],
                      before->cause_s[i]);
    }
}

/* A pipeline's closed form is only that near to the schedule event by event. */
static void check_better(uint64_t number, const fc_step *before) {
    double before_s = before->time_s;
    size_t which = number % COUNT_OF(machines);
    fc_step step;
    fc_error error = {0};

    double room_frac = all.study.plan.pp > 1 ? 1e-2 : 1e-9;
    all.changed = all.study;
    machines[which].change(&all.changed);
    fc_status status = time_of(&step, &all.changed, &error);
    if (status != FC_OK) {
        check_refusal(number, status, &error);
    } else if (step.time_s > before_s * (1.0 + room_frac)) {
        tell_causes(before, &step);
        fail_msg("study %llu on %s: with better %s %.17g s, %.17g s before", (unsigned long long)number,
                 all.study.cluster.chip.name, machines[which].what, step.time_s, before_s);
    }
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static double size_of(fc_memory *out, const fc_study *study) {
    double sum = 0;
    fc_ops_count(&all.ops, &study->model, &study->workload);
    fc_memory_size(out, &all.ops, &study->cluster, &study->plan, &study->stack);
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        assert_true(out->cause_bytes[i] >= 0.0 && isfinite(out->cause_bytes[i]));
        sum += out->cause_bytes[i];
    }
    assert_true(fabs(sum - out->per_chip_bytes) <= 1e-12 * sum);
    return out->per_chip_bytes;
}

/* More pipeline stages share out what is trained alone: test_memory_split.c looks at them, and at experts. */
static void check_memory(uint64_t number) {
    fc_memory before;
    fc_memory after;
    double before_bytes = size_of(&before, &all.study);
    all.changed = all.study;
    switch (number % 4) {
    case 0:
        all.changed.plan.tp *= 2;
        break;
    case 1:
        all.changed.plan.zero += all.changed.plan.zero < 3;
        break;
    case 2:
        all.changed.plan.sequence_parallel = 1;
        break;
    default:
        all.changed.plan.cp *= 2;
        break;
    }
    double after_bytes = size_of(&after, &all.changed);
    if (all.changed.plan.cp > all.study.plan.cp && all.study.plan.cp == 1) {
        before_bytes +=
            after.cause_bytes[FC_MEMORY_COMMUNICATION]; /* keys and values of others come with the first split */
    }
    if (after_bytes > before_bytes * (1.0 + 1e-12)) {
        fail_msg("study %llu: sharded %.17g bytes, %.17g before", (unsigned long long)number, after_bytes,
                 before_bytes);
    }
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static void test_step_properties__hold_on_shipped_chips(void **state) {
    (void)state;
    uint64_t count = wish("FLOPCAST_PROPERTY_STUDIES", 20000);
    dice d = {.seed = wish("FLOPCAST_PROPERTY_SEED", 19)};
    uint64_t timed = 0;
    for (uint64_t i = 0; i < count; ++i) {
        fc_step step;
        fc_error error = {0};
        throw_study(&d, &all.study);
        check_memory(i);
        fc_status status = time_of(&step, &all.study, &error);
        if (status != FC_OK) {
            check_refusal(i, status, &error);
            continue;
        }
        timed += 1;
        check_step(i, &step);
        check_better(i, &step);
    }
    print_message("%llu of %llu studies timed\n", (unsigned long long)timed, (unsigned long long)count);
    assert_true(timed > count / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_properties__hold_on_shipped_chips),
    };
    return cmocka_run_group_tests(tests, load_all, close_desk);
}
