/* Histories of failures against the closed forms, limits, and each other. */
#include "chain_random.h"

#include "chain/trials.h"

static const double DAY_S = 86400.0;

/* 90 days of work on 16,384 chips that fail as Llama 3's did. */
static fc_hd_job llama_job(void) {
    fc_hd_job job;
    memset(&job, 0, sizeof job);
    job.work_s = 90 * DAY_S;
    job.step_s = 15;
    job.failures_per_s = 419 / (54 * DAY_S);
    const double parts[FC_HD_FAILURE_CLASSES] = {0.5, 0.15, 0.1, 0.05, 0.2};
    for (int i = 0; i < FC_HD_FAILURE_CLASSES; ++i) {
        job.part[i] = parts[i];
        job.shape[i] = 1.0;
    }
    job.restart_s = 600;
    job.stall_s = 3;
    job.replicas_count = 1;
    return job;
}

static double mean_goodput(const fc_hd_job *job, size_t count, double most_failures) {
    double *wall_s = calloc(count, sizeof *wall_s);
    assert_non_null(wall_s);
    fc_trials_play(wall_s, job, 7, 0, count, 2, most_failures);
    double sum_s = 0;
    for (size_t i = 0; i < count; ++i) {
        sum_s += wall_s[i];
    }
    free(wall_s);
    return job->work_s * (double)count / sum_s;
}

/* Settles the job and compares; returns the closed form. */
static double agrees(fc_hd_job *job, size_t count, double tolerance_frac) {
    fc_hd_job_settle(job);
    double closed = fc_hd_job_goodput(job);
    assert_near(mean_goodput(job, count, 1e6), closed, tolerance_frac);
    return closed;
}

static void test_trial__agrees_with_daly(void **state) {
    (void)state;
    const struct {
        double failures_a_day, restart_s, stall_s;
    } rows[] = {{7.76, 600, 3}, {1, 600, 60}, {40, 300, 20}, {40, 1200, 120}, {150, 120, 30}, {400, 60, 10}};
    for (size_t i = 0; i < COUNT_OF(rows); ++i) {
        fc_hd_job job = llama_job();
        job.failures_per_s = rows[i].failures_a_day / DAY_S;
        job.restart_s = rows[i].restart_s;
        job.stall_s = rows[i].stall_s;
        fc_hd_job_settle(&job);
        double daly = fc_hd_daly_goodput(fc_hd_daly_interval_s(job.stall_s, 1 / job.failures_per_s), job.stall_s,
                                         job.restart_s, 1 / job.failures_per_s);
        assert_near(fc_hd_job_goodput(&job), daly, 1e-12);
        assert_near(mean_goodput(&job, 60, 1e6), daly, 0.01);
    }
}

static void test_trial__no_failures_keep_everything(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.failures_per_s = 0;
    fc_hd_job_settle(&job);
    assert_true(fc_hd_job_goodput(&job) == 1.0);
    assert_true(mean_goodput(&job, 2, 10) == 1.0);
}

/* Nothing to write, nothing to restart: only half a step is lost with each failure. */
static void test_trial__free_checkpoints_and_restarts_cost_steps_only(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.stall_s = job.restart_s = 0;
    double closed = agrees(&job, 100, 1e-3);
    assert_true(job.interval_s == job.step_s);
    assert_near(1 - closed, 0.5 * job.step_s * job.failures_per_s, 1e-2);
}

/* Copies in memory each few steps, storage once in a while. */
static void test_trial__two_tiers(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.failures_per_s = 50 / DAY_S;
    job.restart_s = 300;
    job.stall_s = 60;
    fc_hd_job one = job;
    double single = agrees(&one, 40, 0.01);
    job.memory_stall_s = 2;
    job.memory_restart_s = 120;
    job.memory_kept_frac = 0.9;
    double both = agrees(&job, 40, 0.01);
    assert_true(both > single + 0.02);
    assert_true(job.memory_interval_s < job.interval_s);
    job.interval_s = job.memory_interval_s = 0; /* restarts from storage as long as the time between failures */
    job.failures_per_s = 1.0 / 400;
    job.memory_restart_s = 60;
    job.work_s = 20 * DAY_S;
    (void)agrees(&job, 40, 0.03);
}

/* A checkpoint written beside training stalls nothing, and what it does not hold yet is lost. */
static void test_trial__written_beside_training(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.failures_per_s = 50 / DAY_S;
    job.stall_s = 120;
    double waited = agrees(&job, 40, 0.01);
    job.interval_s = 0;
    job.stall_s = 2;
    job.flush_s = 118;
    double beside = agrees(&job, 40, 0.01);
    assert_true(beside > waited);
    assert_true(job.interval_s >= job.flush_s);
}

static void test_trial__elastic_replicas(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.failures_per_s = 300 / DAY_S;
    job.step_s = 10;
    double rigid = agrees(&job, 40, 0.01);
    job.interval_s = 0;
    job.replicas_count = 64;
    job.pause_s = 20;
    assert_true(agrees(&job, 40, 0.01) > rigid + 0.1);
    job.replicas_count = 1; /* the last replica takes the job with it */
    job.interval_s = 0;
    assert_near(agrees(&job, 50, 0.01), rigid, 1e-12);
}

/* Spares: as without repairs where there are plenty, a whole repair where there is none, and the queue in between. */
static void test_trial__waiting_for_hosts(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    double at_once = agrees(&job, 40, 0.01);
    job.repair_s = DAY_S / 4;
    job.spare_hosts = 40;
    job.interval_s = 0;
    assert_near(agrees(&job, 40, 0.01), at_once, 1e-6);
    double before = at_once;
    for (int spares = 4; spares >= 1; --spares) {
        job.spare_hosts = spares;
        job.interval_s = 0;
        fc_hd_job_settle(&job);
        double goodput = mean_goodput(&job, 60, 1e6);
        assert_true(goodput < before);
        before = goodput;
    }
    assert_near(fc_hd_spare_wait_s(0.5, 0, 600), 600, 1e-9);
    assert_true(fc_hd_spare_wait_s(0.5, 20, 600) < 1e-12);
    assert_near(fc_hd_spare_wait_s(1e5, 1e3, 600), 594, 1e-9);
    assert_near(fc_hd_spare_wait_s(4000, 1000, 600), 450, 2e-3);
}

/* Poisson numbers added up one by one. */
static void test_trial__wait_is_a_sum_over_poisson(void **state) {
    (void)state;
    const double mean = 6.5;
    const double spares = 8;
    double chance = exp(-mean);
    double sum = 0;
    for (int n = 0; n < 200; ++n) {
        sum += n >= spares ? chance * (n - spares + 1) / (n + 1) : 0;
        chance *= mean / (n + 1);
    }
    assert_near(fc_hd_spare_wait_s(mean, spares, 1), sum, 1e-5);
    assert_near(fc_hd_log_factorial(12), log(479001600.0), 1e-9);
}

/* The first gaps of many histories: mean and spread of Weibull's distribution. */
static void test_trial__weibull_gaps(void **state) {
    (void)state;
    const double shapes[] = {0.5, 0.7, 1.0, 2.0};
    for (size_t i = 0; i < COUNT_OF(shapes); ++i) {
        fc_hd_job job = llama_job();
        memset(job.part, 0, sizeof job.part);
        job.part[4] = 1;
        job.shape[4] = shapes[i];
        job.failures_per_s = 1e-3;
        fc_hd_clock clock = fc_hd_clock_of(&job);
        double sum = 0;
        double squares = 0;
        const int count = 60000;
        for (int trial = 0; trial < count; ++trial) {
            fc_hd_draws draws = fc_hd_draws_start(5, (uint64_t)trial);
            fc_hd_clock when = clock;
            fc_hd_clock_start(&when, &job, &draws);
            double gap_s = fc_hd_clock_next_s(&when);
            assert_true(fc_hd_clock_take(&when, &job, &draws) == 4);
            sum += gap_s;
            squares += gap_s * gap_s;
        }
        double second = tgamma(1 + 2 / shapes[i]) / pow(tgamma(1 + 1 / shapes[i]), 2);
        assert_near(sum / count, 1000, 0.025);
        assert_near(squares / count, second * 1e6, 0.06);
        assert_near(fc_hd_gamma_of_one_plus(1 / shapes[i]), tgamma(1 + 1 / shapes[i]), 1e-13);
    }
}

/* Classes come in the shares that were asked for, Weibull among them. */
static void test_trial__classes_come_in_their_shares(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.shape[0] = 0.7;
    job.repair_s = 1; /* so that classes matter */
    fc_hd_clock clock = fc_hd_clock_of(&job);
    fc_hd_draws draws = fc_hd_draws_start(9, 0);
    fc_hd_clock_start(&clock, &job, &draws);
    double found[FC_HD_FAILURE_CLASSES] = {0};
    const int count = 100000;
    double last_s = 0;
    for (int i = 0; i < count; ++i) {
        assert_true(fc_hd_clock_next_s(&clock) >= last_s);
        last_s = fc_hd_clock_next_s(&clock);
        found[fc_hd_clock_take(&clock, &job, &draws)] += 1;
    }
    for (int i = 0; i < FC_HD_FAILURE_CLASSES; ++i) {
        assert_near(found[i] / count, job.part[i], 0.03);
    }
    assert_near(count / last_s, job.failures_per_s, 0.01);
}

static void test_trial__quick_logarithm(void **state) {
    (void)state;
    fc_hd_draws draws = fc_hd_draws_start(1, 2);
    fc_hd_draws same = draws;
    for (int i = 0; i < 100000; ++i) {
        double expected = -log(fc_hd_draws_unit(&same));
        assert_true(fabs(fc_hd_draws_exponential(&draws) - expected) <= 1e-15 + 1e-15 * expected);
    }
}

/* More failures, slower checkpoints, longer restarts, fewer spares: never better. */
static void test_trial__worse_is_never_better(void **state) {
    (void)state;
    dice d = {.seed = 11};
    for (int i = 0; i < 4000; ++i) {
        fc_hd_job job = llama_job();
        job.failures_per_s = throw_between(&d, 1e-7, 1e-2);
        job.restart_s = throw_between(&d, 1, 3000);
        job.detect_s = throw_coin(&d) * throw_between(&d, 1, 600);
        job.stall_s = throw_between(&d, 0.1, 300);
        job.flush_s = throw_coin(&d) * throw_between(&d, 0.1, 300);
        job.step_s = throw_between(&d, 1, 60);
        job.repair_s = throw_coin(&d) * throw_between(&d, 600, 1e5);
        job.spare_hosts = throw_below(&d, 200);
        job.memory_kept_frac = throw_coin(&d) * throw_unit(&d);
        job.memory_stall_s = throw_between(&d, 0.1, 5);
        job.memory_restart_s = job.restart_s;
        job.replicas_count = throw_power(&d, 8);
        job.pause_s = throw_coin(&d) * throw_between(&d, 1, 100);
        fc_hd_job base = job;
        fc_hd_job_settle(&base);
        double goodput = fc_hd_job_goodput(&base);
        assert_true(goodput >= 0 && goodput <= 1);
        fc_hd_job worse = job;
        switch (i % 4) {
        case 0:
            worse.failures_per_s *= 1.5;
            break;
        case 1:
            worse.restart_s *= 1.5;
            worse.memory_restart_s *= 1.5;
            break;
        case 2:
            worse.stall_s *= 1.5;
            break;
        default:
            worse.spare_hosts = floor(worse.spare_hosts / 2);
            break;
        }
        fc_hd_job_settle(&worse);
        assert_true(fc_hd_job_goodput(&worse) <= goodput * (1 + 2e-3)); /* what equation 37 leaves of the optimum */
    }
}

/* The same bytes on one thread and on two, and whatever the trials are numbered from. */
static void test_trial__same_bytes_on_any_threads(void **state) {
    (void)state;
    enum { COUNT = 301 };
    static double one[COUNT];
    static double two[COUNT];
    static double parts[COUNT];
    fc_hd_job job = llama_job();
    job.shape[1] = 0.7;
    job.repair_s = 3600;
    job.spare_hosts = 2;
    fc_hd_job_settle(&job);
    fc_trials_play(one, &job, 42, 0, COUNT, 1, 1e6);
    fc_trials_play(two, &job, 42, 0, COUNT, 2, 1e6);
    fc_trials_play(parts, &job, 42, 0, 100, 1, 1e6);
    fc_trials_play(parts + 100, &job, 42, 100, COUNT - 100, 3, 1e6);
    assert_memory_equal(one, two, sizeof one);
    assert_memory_equal(one, parts, sizeof one);
    fc_trials_play(two, &job, 43, 0, COUNT, 1, 1e6);
    assert_true(memcmp(one, two, sizeof one) != 0);
}

/* FNV-1a over the bits of histories of all kinds: any compiler, any optimisation, any processor. */
static void test_trial__bits_are_these(void **state) {
    (void)state;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int kind = 0; kind < 4; ++kind) {
        fc_hd_job job = llama_job();
        job.shape[2] = kind == 1 ? 0.75 : 1.0;
        job.memory_kept_frac = kind == 2 ? 0.8 : 0.0;
        job.memory_stall_s = 1;
        job.flush_s = kind == 2 ? 40 : 0;
        job.replicas_count = kind == 3 ? 32 : 1;
        job.pause_s = 30;
        job.repair_s = kind == 3 ? 7200 : 0;
        job.spare_hosts = 1;
        fc_hd_job_settle(&job);
        double wall_s[50];
        fc_trials_play(wall_s, &job, 1, 0, COUNT_OF(wall_s), 1, 1e6);
        for (size_t i = 0; i < COUNT_OF(wall_s); ++i) {
            hash = (hash ^ fc_hd_bits(wall_s[i])) * UINT64_C(0x100000001b3);
        }
    }
    if (hash != UINT64_C(0xc887985674a06268)) {
        fail_msg("the hash is 0x%016llx", (unsigned long long)hash);
    }
}

/* A failure each ten seconds and restarts of ten minutes: told after as many failures as are allowed. */
static void test_trial__what_never_finishes_ends(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.failures_per_s = 0.1;
    fc_hd_job_settle(&job);
    assert_true(fc_hd_job_goodput(&job) < 1e-20);
    double wall_s = 0;
    fc_trials_play(&wall_s, &job, 1, 0, 1, 1, 20000);
    assert_true(isinf(wall_s));
    fc_hd_clock clock = fc_hd_clock_of(&job);
    fc_hd_history history = fc_hd_job_history(&job, &clock, 1, 0, 20000);
    assert_true(!history.finished && history.failures_count == 20000);
}

/* Wall time is work, work done again, time down and the stalls of checkpoints. */
static void test_trial__time_adds_up(void **state) {
    (void)state;
    fc_hd_job job = llama_job();
    job.stall_s = 0;
    job.interval_s = 1800;
    fc_hd_job_settle(&job);
    fc_hd_clock clock = fc_hd_clock_of(&job);
    for (uint64_t trial = 0; trial < 50; ++trial) {
        fc_hd_history h = fc_hd_job_history(&job, &clock, 1, trial, 1e6);
        assert_true(h.finished);
        assert_near(h.wall_s, job.work_s + h.lost_s + h.down_s, 1e-9);
        assert_near(h.failures_count, job.failures_per_s * h.wall_s, 0.2);
    }
}

static void test_trial__chips_that_come_later(void **state) {
    (void)state;
    const double from_s[] = {0, 100, 300};
    const double speed[] = {0.25, 0.5, 1};
    assert_near(fc_hd_delivered_s(10, from_s, speed, 3), 40, 1e-12);
    assert_near(fc_hd_delivered_s(75, from_s, speed, 3), 200, 1e-12);
    assert_near(fc_hd_delivered_s(225, from_s, speed, 3), 400, 1e-12);
    assert_true(fc_hd_delivered_s(225, from_s, speed, 0) == 225);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trial__agrees_with_daly),
        cmocka_unit_test(test_trial__no_failures_keep_everything),
        cmocka_unit_test(test_trial__free_checkpoints_and_restarts_cost_steps_only),
        cmocka_unit_test(test_trial__two_tiers),
        cmocka_unit_test(test_trial__written_beside_training),
        cmocka_unit_test(test_trial__elastic_replicas),
        cmocka_unit_test(test_trial__waiting_for_hosts),
        cmocka_unit_test(test_trial__wait_is_a_sum_over_poisson),
        cmocka_unit_test(test_trial__weibull_gaps),
        cmocka_unit_test(test_trial__classes_come_in_their_shares),
        cmocka_unit_test(test_trial__quick_logarithm),
        cmocka_unit_test(test_trial__worse_is_never_better),
        cmocka_unit_test(test_trial__same_bytes_on_any_threads),
        cmocka_unit_test(test_trial__bits_are_these),
        cmocka_unit_test(test_trial__what_never_finishes_ends),
        cmocka_unit_test(test_trial__time_adds_up),
        cmocka_unit_test(test_trial__chips_that_come_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
