/* The plan where a study leaves one open: the fastest of its set, kept as given, refused with a remedy that works. */
#include "chain_random.h"

static const double GIB = 1073741824.0;

static fc_status choose(fc_plan *plan, fc_estimate *counts, const fc_study *study, fc_error *error) {
    fc_ops ops;
    fc_ops_count(&ops, &study->model, &study->workload);
    memset(counts, 0, sizeof *counts);
    return fc_plan_choose(plan, counts, &ops, study, error);
}

static fc_study checked(fc_study study) {
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

/* 32 chips of a real size and real losses, everything open. */
static fc_study open_study(void) {
    fc_study study = ideal_study(32);
    fc_chip *chip = &study.cluster.chip;
    chip->matmul[FC_DTYPE_BF16] = (fc_matmul_curve){.eff_frac = 0.7, .m_half = 120, .n_half = 120, .k_half = 110};
    chip->attention_eff_frac = 0.5;
    chip->memory_bytes = 80 * GIB;
    chip->memory_bytes_per_s = 3e12;
    chip->scaleup_bytes_per_s = 450e9;
    chip->scaleout_bytes_per_s = 50e9;
    chip->scaleup_latency_s = 2e-6;
    chip->scaleout_latency_s = 8e-6;
    chip->launch_s = 3e-6;
    study.model = gpt(16, 4096, 32);
    study.plan = fc_plan_default();
    study.plan.global_batch = 64;
    return study;
}

/* ---- against brute force ---------------------------------------------------------------------------------------- */

typedef struct best {
    double time_s;
    fc_plan plan;
    double fitting_count;
} best;

/* The least recomputation that fits, then the time. */
static void weigh(best *out, const fc_study *study, const fc_ops *ops, fc_plan plan) {
    for (uint32_t recompute = FC_RECOMPUTE_NONE; recompute <= FC_RECOMPUTE_FULL; ++recompute) {
        fc_memory memory;
        plan.recompute = recompute;
        fc_memory_size(&memory, ops, &study->cluster, &plan, &study->stack);
        if (!memory.fits) {
            continue;
        }
        fc_step step;
        fc_error error = {0};
        assert_fine(fc_step_time(&step, ops, &study->cluster, &plan, &study->stack, &error), &error);
        out->fitting_count += 1;
        if (out->time_s == 0 || step.time_s < out->time_s) {
            out->time_s = step.time_s;
            out->plan = plan;
        }
        return;
    }
}

/* ZeRO 1, and 3 without a pipeline; with one, 2 where 1 does not fit. */
static void weigh_zero_stages(best *out, const fc_study *study, const fc_ops *ops, fc_plan p) {
    double before = out->fitting_count;
    p.zero = 1;
    weigh(out, study, ops, p);
    p.zero = p.pp == 1 ? 3 : 2;
    if (p.dp > 1 && (p.pp == 1 || out->fitting_count == before)) {
        weigh(out, study, ops, p);
    }
}

/* Every plan of the stated set (docs/formulas.md, "Choosing a plan"), by plain loops over all numbers. */
static best brute_force(const fc_study *study) {
    best out = {0};
    fc_ops ops;
    fc_ops_count(&ops, &study->model, &study->workload);
    uint32_t layers = study->model.layers_count;
    uint32_t chips = (uint32_t)study->cluster.chips_count;
    fc_plan p = study->plan;
    for (p.tp = 1; p.tp <= 8; p.tp *= 2) {
        p.sequence_parallel = p.tp > 1;
        for (p.pp = 1; p.pp <= layers && p.pp <= chips; ++p.pp) {
            bool power = (p.pp & (p.pp - 1)) == 0;
            for (p.vpp = 1; p.vpp <= (p.pp > 1 ? 8u : 1u) && p.vpp * p.pp <= layers; p.vpp *= 2) {
                uint32_t chunk_layers = (layers + p.pp * p.vpp - 1) / (p.pp * p.vpp) * p.vpp;
                if ((layers % p.pp != 0 && !power) || chunk_layers > (layers + p.pp - 1) / p.pp) {
                    continue;
                }
                for (p.micro_batch = 1; p.micro_batch <= 8; p.micro_batch *= 2) {
                    uint32_t passes = p.global_batch / p.micro_batch;
                    p.cp = 1;
                    p.dp = chips / (p.tp * p.pp);
                    p.dp = p.dp < passes ? p.dp : passes;
                    while (p.dp > 0 && (passes % p.dp != 0 || p.global_batch % p.micro_batch != 0)) {
                        --p.dp;
                    }
                    for (p.ep = 1; p.dp > 0 && p.ep <= (study->model.experts > 0 ? study->model.experts : 1);
                         p.ep *= 2) {
                        if (p.dp % p.ep == 0 && (p.ep == 1 || study->model.experts % p.ep == 0)) {
                            double before = out.fitting_count;
                            weigh_zero_stages(&out, study, &ops, p);
                            if (p.ep > 1 && p.tp > 1 && out.fitting_count == before) {
                                p.etp = p.tp; /* experts split over tensor ranks, where they do not fit whole */
                                weigh_zero_stages(&out, study, &ops, p);
                                p.etp = 0;
                            }
                        }
                    }
                }
            }
        }
    }
    return out;
}

static void assert_best(const fc_study *study) {
    fc_plan plan;
    fc_estimate counts;
    fc_error error = {0};
    best expected = brute_force(study);
    fc_status status = choose(&plan, &counts, study, &error);
    if (expected.time_s == 0) {
        assert_int_equal(status, FC_INFEASIBLE);
        return;
    }
    assert_fine(status, &error);
    fc_ops ops;
    fc_step step;
    fc_ops_count(&ops, &study->model, &study->workload);
    assert_fine(fc_step_time(&step, &ops, &study->cluster, &plan, &study->stack, &error), &error);
    assert_true(step.time_s == expected.time_s);
    assert_true(counts.plans_fitting_count == expected.fitting_count);
    assert_true(counts.plans_tried_count >= counts.plans_fitting_count);
}

static void test_plan_choose__equals_brute_force(void **state) {
    (void)state;
    dice d = {.seed = 5};
    for (int i = 0; i < 60; ++i) {
        fc_study study = open_study();
        study.model = gpt(1 + throw_below(&d, 24), 1024 * throw_power(&d, 3), 16);
        if (throw_coin(&d)) {
            study.model.experts = 8;
            study.model.experts_per_token = 2;
            study.model.moe_ffn_hidden = 1024;
            strcpy(study.model.ffn_pattern, "M");
        }
        study.cluster.chips_count = 1 + throw_below(&d, 48);
        study.cluster.chip.memory_bytes = throw_between(&d, 4, 200) * GIB;
        study.plan.global_batch = 1 + throw_below(&d, 96);
        fc_study now = checked(study);
        assert_best(&now);
    }
}

/* ---- what is given stays ---------------------------------------------------------------------------------------- */

static void test_plan_choose__is_a_function_of_the_study(void **state) {
    (void)state;
    fc_study study = checked(open_study());
    fc_plan first;
    fc_plan second;
    fc_estimate counts;
    assert_int_equal(choose(&first, &counts, &study, NULL), FC_OK);
    assert_int_equal(choose(&second, &counts, &study, NULL), FC_OK);
    assert_memory_equal(&first, &second, sizeof first);
}

static void test_plan_choose__a_complete_plan_is_kept(void **state) {
    (void)state;
    dice d = {.seed = 9};
    for (int i = 0; i < 500; ++i) {
        fc_study study = random_study(&d);
        fc_plan plan;
        fc_estimate counts;
        fc_error error = {0};
        fc_status status = choose(&plan, &counts, &study, &error);
        if (status == FC_OK) {
            assert_memory_equal(&plan, &study.plan, sizeof plan);
            assert_true(counts.plans_tried_count == 1);
        }
    }
}

static uint32_t *field_of(fc_plan *plan, int index) {
    uint32_t *const fields[] = {&plan->tp, &plan->pp, &plan->vpp,         &plan->dp,
                                &plan->cp, &plan->ep, &plan->micro_batch, &plan->recompute};
    return fields[index];
}

/* Any part of a plan may be given; what comes back keeps it and passes the study's own check. */
static void test_plan_choose__a_given_part_is_kept_and_the_whole_is_sound(void **state) {
    (void)state;
    dice d = {.seed = 21};
    int chosen = 0;
    for (int i = 0; i < 300; ++i) {
        fc_study study = random_study(&d);
        for (int field = 0; field < 8; ++field) {
            *field_of(&study.plan, field) *= throw_coin(&d);
        }
        study.plan.zero = throw_coin(&d) ? study.plan.zero : -1;
        fc_plan plan;
        fc_estimate counts;
        fc_error error = {0};
        if (fc_study_check(&study, NULL) != FC_OK || choose(&plan, &counts, &study, &error) != FC_OK) {
            continue;
        }
        for (int field = 0; field < 8; ++field) {
            uint32_t given = *field_of(&study.plan, field);
            assert_true(given == 0 || *field_of(&plan, field) == given);
        }
        study.plan = plan;
        assert_fine(fc_study_check(&study, &error), &error);
        chosen += 1;
    }
    assert_true(chosen > 150);
}

static void test_plan_choose__a_batch_that_hardly_divides_still_gets_a_plan(void **state) {
    (void)state;
    fc_study study = open_study();
    study.plan.global_batch = 7919; /* prime: one replica */
    study.plan.tp = 8;
    fc_study now = checked(study);
    fc_plan plan;
    fc_estimate counts;
    fc_error error = {0};
    assert_fine(choose(&plan, &counts, &now, &error), &error);
    assert_int_equal(plan.dp, 1);
}

static void test_plan_choose__no_way_to_split_is_told(void **state) {
    (void)state;
    fc_study study = open_study();
    study.plan.global_batch = 7;
    study.plan.micro_batch = 2;
    fc_study now = checked(study);
    fc_plan plan;
    fc_estimate counts;
    fc_error error = {0};
    assert_int_equal(choose(&plan, &counts, &now, &error), FC_INFEASIBLE);
    assert_told(&error, "global_batch = 7");
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

/* The number behind `key` in the remedy's words, if it is there. */
static bool told_number(const char *remedy, const char *key, uint32_t *out) {
    const char *at = strstr(remedy, key);
    if (at != NULL) {
        *out = (uint32_t)strtoul(at + strlen(key), NULL, 10);
    }
    return at != NULL;
}

/* Follows the remedy's words as a person would. */
static void follow(fc_study *study, const char *remedy) {
    uint32_t number = 0;
    fc_plan *plan = &study->plan;
    if (strstr(remedy, "plan: auto") != NULL) {
        uint32_t batch = plan->global_batch;
        *plan = fc_plan_default();
        plan->global_batch = batch;
    }
    if (told_number(remedy, "raise cluster.chips to ", &number)) {
        study->cluster.chips_count = number;
        study->cluster.tiers_count = 0;
    }
    if (told_number(remedy, "a chip with ", &number)) {
        study->cluster.chip.memory_bytes = number * GIB;
    }
    if (strstr(remedy, "plan.recompute to full") != NULL) {
        plan->recompute = FC_RECOMPUTE_FULL;
        plan->recompute_layers = 0;
    } else if (strstr(remedy, "plan.recompute to selective") != NULL) {
        plan->recompute = FC_RECOMPUTE_SELECTIVE;
        plan->recompute_layers = 0;
    }
    if (told_number(remedy, "plan.zero to ", &number)) {
        plan->zero = (int32_t)number;
    }
    if (told_number(remedy, "plan.sequence_parallel to ", &number)) {
        plan->sequence_parallel = (int32_t)number;
    }
    told_number(remedy, "plan.recompute_layers to ", &plan->recompute_layers);
    told_number(remedy, "plan.micro_batch to ", &plan->micro_batch);
    told_number(remedy, "plan.tp to ", &plan->tp);
    told_number(remedy, "plan.pp to ", &plan->pp);
    told_number(remedy, "plan.cp to ", &plan->cp);
    told_number(remedy, "plan.ep to ", &plan->ep);
    told_number(remedy, "plan.dp to ", &plan->dp);
    plan->offload_optimizer |= strstr(remedy, "plan.offload_optimizer to true") != NULL;
    plan->offload_activations |= strstr(remedy, "plan.offload_activations to true") != NULL;
    if (strstr(remedy, "workload.optimizer to adam-8bit") != NULL) {
        study->workload.optimizer = FC_OPTIMIZER_ADAM_8BIT;
        study->workload.optimizer_bytes = fc_optimizer_bytes(FC_OPTIMIZER_ADAM_8BIT);
    }
}

/* The first remedy of the message, which ends with its line. */
static void first_remedy(char *out, size_t out_size, const char *message) {
    snprintf(out, out_size, "%s", strstr(message, "Remedy: "));
    out[strcspn(out, "\n")] = '\0';
}

/* Returns whether the study was refused for memory, and then proves the remedy. */
static bool assert_remedy_works(const fc_study *study) {
    fc_plan plan;
    fc_estimate counts;
    fc_error error = {0};
    if (choose(&plan, &counts, study, &error) != FC_INFEASIBLE || strstr(error.text, "Remedy: ") == NULL) {
        return false;
    }
    assert_told(&error, "no plan fits: the closest (tp ");
    char remedy[512];
    fc_study changed = *study;
    first_remedy(remedy, sizeof remedy, error.text);
    follow(&changed, remedy);
    fc_error after = {0};
    assert_fine(fc_study_check(&changed, &after), &after);
    fc_status status = choose(&plan, &counts, &changed, &after);
    if (status == FC_BAD_INPUT) {
        assert_told(&after, "which no chip can do"); /* this random chip's rates contradict each other */
    } else if (status != FC_OK) {
        fail_msg("\"%s\" does not help: %s", error.text, after.text);
    }
    return true;
}

/* Each remedy of a complete plan, followed to the letter, gives the bytes and the time that it promises. */
static void test_plan_choose__remedies_keep_their_word(void **state) {
    (void)state;
    dice d = {.seed = 77};
    int followed = 0;
    for (int i = 0; i < 2000; ++i) {
        fc_study study = random_study(&d);
        study.cluster.chip.memory_bytes = throw_between(&d, 1, 200) * GIB;
        study.cluster.chip.host_memory_bytes = throw_coin(&d) * 256 * GIB;
        fc_plan plan;
        fc_estimate counts;
        if (choose(&plan, &counts, &study, NULL) != FC_INFEASIBLE) {
            continue;
        }
        double before = counts.point.memory.per_chip_bytes;
        double before_s = counts.point.step.time_s;
        bool fitting = true;
        for (uint32_t j = 0; j < counts.remedies_count; ++j) {
            const fc_remedy *remedy = &counts.remedies[j];
            fc_study changed = study;
            fc_error error = {0};
            follow(&changed, remedy->change);
            assert_fine(fc_study_check(&changed, &error), &error);
            fc_ops ops;
            fc_memory memory;
            fc_ops_count(&ops, &changed.model, &changed.workload);
            fc_memory_size(&memory, &ops, &changed.cluster, &changed.plan, &changed.stack);
            assert_true(memory.per_chip_bytes == remedy->per_chip_bytes && memory.fits == remedy->fits);
            assert_true(memory.per_chip_bytes < before);
            assert_true(fitting || !remedy->fits); /* those that fit come first */
            fitting = remedy->fits != 0;
            fc_step step;
            if (remedy->priced) {
                assert_fine(fc_step_time(&step, &ops, &changed.cluster, &changed.plan, &changed.stack, &error), &error);
                assert_near(remedy->time_change_frac + 1.0, step.time_s / before_s, 1e-9);
            }
            followed += 1;
        }
    }
    assert_true(followed > 1000);
}

static void test_plan_choose__remedies_work_on_random_studies(void **state) {
    (void)state;
    dice d = {.seed = 31};
    int refused = 0;
    for (int i = 0; i < 300; ++i) {
        fc_study study = random_study(&d);
        study.cluster.chip.memory_bytes = throw_between(&d, 1, 200) * GIB;
        for (int field = 0; field < 8; ++field) {
            *field_of(&study.plan, field) *= throw_coin(&d);
        }
        if (fc_study_check(&study, NULL) == FC_OK) {
            refused += assert_remedy_works(&study);
        }
    }
    assert_true(refused > 50);
}

static void test_plan_choose__names_the_closest_plan_and_each_remedy(void **state) {
    (void)state;
    static const char *const words[] = {"set plan.recompute to", "leave the plan open", "raise cluster.chips to",
                                        "a chip with"};
    for (size_t i = 0; i < COUNT_OF(words); ++i) {
        fc_study study = open_study();
        study.model = gpt(32, 8192, 64);
        study.plan = plan_of(8, 4, 1, 8, 64);
        study.plan.sequence_parallel = 1;
        study.plan.zero = 1;
        study.cluster.chip.memory_bytes = 25 * GIB;
        if (i == 1) {
            study.plan = plan_of(1, 1, 1, 1, 64); /* one chip of 32 */
        } else if (i > 1) {
            study.plan = fc_plan_default();
            study.plan.global_batch = 64;
            study.cluster.chips_count = 2;
            study.cluster.chip.memory_bytes = i == 2 ? 60 * GIB : 1 * GIB;
            study.stack.reserve_bytes = i == 2 ? 0 : 2 * GIB;
        }
        fc_study now = checked(study);
        fc_plan plan;
        fc_estimate counts;
        fc_error error = {0};
        assert_int_equal(choose(&plan, &counts, &now, &error), FC_INFEASIBLE);
        assert_told(&error, words[i]);
        assert_true(assert_remedy_works(&now));
    }
}

static void test_plan_choose__a_host_too_small_is_told(void **state) {
    (void)state;
    fc_study study = ideal_study(8);
    study.plan.offload_optimizer = 1;
    study.cluster.chip.host_memory_bytes = 1e6;
    study.cluster.chip.host_link_bytes_per_s = 5e10;
    study.cluster.chip.host_memory_bytes_per_s = 1e11;
    fc_study now = checked(study);
    fc_plan plan;
    fc_estimate counts;
    fc_error error = {0};
    assert_int_equal(choose(&plan, &counts, &now, &error), FC_INFEASIBLE);
    assert_told(&error, "to a host that has 0.0 GiB");
    assert_told(&error, "cluster.chip.host_memory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_choose__equals_brute_force),
        cmocka_unit_test(test_plan_choose__is_a_function_of_the_study),
        cmocka_unit_test(test_plan_choose__a_complete_plan_is_kept),
        cmocka_unit_test(test_plan_choose__a_given_part_is_kept_and_the_whole_is_sound),
        cmocka_unit_test(test_plan_choose__a_batch_that_hardly_divides_still_gets_a_plan),
        cmocka_unit_test(test_plan_choose__no_way_to_split_is_told),
        cmocka_unit_test(test_plan_choose__remedies_work_on_random_studies),
        cmocka_unit_test(test_plan_choose__remedies_keep_their_word),
        cmocka_unit_test(test_plan_choose__a_host_too_small_is_told),
        cmocka_unit_test(test_plan_choose__names_the_closest_plan_and_each_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
