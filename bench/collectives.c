/* collectives.c: the plan: each op at doubling sizes, then what was disturbed again, as long as the budget lasts. */
#include "collectives.h"

#include "exchange.h"
#include "flopcast/measure.h"

#include <stdbool.h>
#include <string.h>

/* Share of the budget for the first visits; the rest is for those that were disturbed. */
#define FIRST_VISITS_FRAC 0.7
/* Kept back for the fit and the file. */
#define RESERVE_FRAC 0.03
#define MOST_ROUNDS 4
/* Calls that a visit makes at the least: the check, the warm-up, three timings. */
#define LEAST_CALLS 5.0
#define LEAST_LIMIT_S 1e-3

/* What rank 0 tells the others to do next. */
typedef struct plan_order {
    uint32_t index; /* of the case; the number of cases: the end */
    uint32_t padding;
    double limit_s;
} plan_order;

typedef struct plan {
    const fc_ranks *ranks;
    const fc_collectives_options *options;
    fc_collectives_report *report;
    fc_measure_options measure;
    fc_exchange exchange;
    fc_sample *cases; /* by op and rising size; seconds 0: not timed */
    uint32_t cases_count;
    uint32_t at;    /* the next case of this round */
    uint32_t round; /* 0: the first visits */
} plan;

uint32_t fc_collectives_all(void) {
    uint32_t bits = 0;
    for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
        bits |= 1U << op;
    }
    return bits;
}

/* ---- the cases -------------------------------------------------------------------------------------------------- */

static void add_case(plan *p, uint32_t op, double bytes) {
    double whole_bytes = fc_exchange_bytes((fc_collective_op)op, p->ranks->count, bytes);
    const fc_sample *last = p->cases_count > 0 ? &p->cases[p->cases_count - 1] : NULL;
    bool repeats = last != NULL && last->collective_op == op && last->bytes >= whole_bytes;
    if (!repeats && p->cases_count < FC_MAX_SAMPLES) {
        p->cases[p->cases_count++] = (fc_sample){.kind = FC_SAMPLE_COLLECTIVE,
                                                 .dtype = FC_DTYPE_FP32,
                                                 .collective_op = op,
                                                 .ranks = p->ranks->count,
                                                 .bytes = whole_bytes};
    }
}

static void make_cases(plan *p) {
    for (uint32_t op = FC_COLLECTIVE_ALL_REDUCE; op <= FC_COLLECTIVE_SEND_RECV; op++) {
        if ((p->options->ops & (1U << op)) == 0) {
            continue;
        }
        for (double bytes = p->options->least_bytes; bytes < p->options->most_bytes; bytes *= 2.0) {
            add_case(p, op, bytes);
        }
        add_case(p, op, p->options->most_bytes);
    }
}

/* ---- what is next: rank 0 alone --------------------------------------------------------------------------------- */

static double left_s(const plan *p, double budget_frac) {
    double spent_s = p->ranks->now_s(p->ranks->user) - p->options->begin_s;
    return p->options->budget_s * budget_frac - spent_s;
}

/* Cases of this one's op from here on, and the ops from this one on. */
static void count_from(const plan *p, uint32_t at, uint32_t *out_sizes, uint32_t *out_ops) {
    *out_sizes = 0;
    *out_ops = 0;
    uint32_t seen = 0;
    for (uint32_t i = at; i < p->cases_count; i++) {
        *out_sizes += p->cases[i].collective_op == p->cases[at].collective_op;
        *out_ops += (seen & (1U << p->cases[i].collective_op)) == 0;
        seen |= 1U << p->cases[i].collective_op;
    }
}

/* Seconds of one call, from the quickest of the size before: at worst it grows as the bytes do. 0 for the first size of
 * an op. */
static double expected_s(const plan *p, uint32_t at) {
    const fc_sample *sample = &p->cases[at];
    const fc_sample *before = at > 0 ? &p->cases[at - 1] : sample;
    bool same = before->collective_op == sample->collective_op;
    return same ? before->seconds_min * sample->bytes / before->bytes : 0.0;
}

/* The next first visit and its share of what is left. Sizes that do not fit are passed over, with all larger ones of
 * the op: expected_s of those is 0 only because the size before was dropped. */
static bool next_first(plan *p, plan_order *order) {
    for (; p->at < p->cases_count; p->at++) {
        uint32_t sizes = 0;
        uint32_t ops = 0;
        count_from(p, p->at, &sizes, &ops);
        double share_s = left_s(p, FIRST_VISITS_FRAC) / (double)ops;
        const fc_sample *before = p->at > 0 ? &p->cases[p->at - 1] : NULL;
        bool starts = before == NULL || before->collective_op != p->cases[p->at].collective_op;
        bool fits = starts || (before->seconds > 0.0 && LEAST_CALLS * expected_s(p, p->at) < share_s);
        if (!fits) {
            p->report->dropped_count++;
            continue;
        }
        order->index = p->at++;
        order->limit_s = share_s / (double)sizes;
        return true;
    }
    return false;
}

static uint32_t unstable_from(const plan *p, uint32_t at) {
    uint32_t count = 0;
    for (uint32_t i = at; i < p->cases_count; i++) {
        count += p->cases[i].seconds > 0.0 && p->cases[i].unstable != 0;
    }
    return count;
}

static bool next_again(plan *p, plan_order *order) {
    while (p->round <= MOST_ROUNDS) {
        for (; p->at < p->cases_count; p->at++) {
            const fc_sample *sample = &p->cases[p->at];
            double time_left_s = left_s(p, 1.0 - RESERVE_FRAC);
            if (sample->seconds > 0.0 && sample->unstable != 0 && LEAST_CALLS * sample->seconds < time_left_s) {
                double rounds_left = (double)(MOST_ROUNDS + 1U - p->round);
                order->limit_s = time_left_s / ((double)unstable_from(p, p->at) * rounds_left);
                order->index = p->at++;
                p->report->revisited_count++;
                return true;
            }
        }
        p->at = 0;
        p->round++;
    }
    return false;
}

static void decide(plan *p, plan_order *order) {
    *order = (plan_order){.index = p->cases_count};
    bool found = p->round == 0 && next_first(p, order);
    if (!found) {
        if (p->round == 0) {
            p->round = 1;
            p->at = 0;
        }
        (void)next_again(p, order); /* none: the order stays the end */
    }
    order->limit_s = order->limit_s > LEAST_LIMIT_S ? order->limit_s : LEAST_LIMIT_S;
}

/* ---- all ranks -------------------------------------------------------------------------------------------------- */

/* Of two visits the quieter one counts. Every rank has the same numbers, so every rank keeps the same one. */
static fc_status visit(plan *p, const plan_order *order, fc_error *error) {
    fc_sample *known = &p->cases[order->index];
    fc_sample sample = *known;
    fc_measure_options measure = p->measure;
    measure.case_budget_s = order->limit_s;
    FC_TRY(fc_measure_case(&sample, &fc_exchange_backend, &p->exchange, &measure, error));
    if (!(known->seconds > 0.0) || sample.noise_frac < known->noise_frac) {
        *known = sample;
    }
    return FC_OK;
}

static fc_status visit_all(plan *p, fc_error *error) {
    for (;;) {
        plan_order order = {.index = 0};
        if (p->ranks->rank == 0) {
            decide(p, &order);
        }
        FC_TRY(p->ranks->tell(p->ranks->user, &order, sizeof order, error));
        if (order.index >= p->cases_count) {
            return FC_OK;
        }
        FC_TRY(visit(p, &order, error));
    }
}

static void finish(plan *p) {
    fc_collectives_report *report = p->report;
    uint32_t unstable = 0;
    report->samples = p->cases;
    for (uint32_t i = 0; i < p->cases_count; i++) {
        if (p->cases[i].seconds > 0.0) {
            unstable += p->cases[i].unstable;
            report->samples[report->samples_count++] = p->cases[i];
        }
    }
    report->unstable = 2U * unstable > report->samples_count;
    report->aim_noise_frac = p->measure.aim_noise_frac;
    report->wall_s = p->ranks->now_s(p->ranks->user) - p->options->begin_s;
}

static fc_status check(const fc_ranks *ranks, const fc_collectives_options *options, fc_error *error) {
    if (ranks->count < 2 || ranks->count > FC_EXCHANGE_MOST_RANKS) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "%u ranks; allowed are 2 to %u", ranks->count,
                            FC_EXCHANGE_MOST_RANKS);
    }
    if (!(options->least_bytes > 0.0) || !(options->most_bytes >= options->least_bytes) ||
        (options->ops & fc_collectives_all()) == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a plan needs one op or more and sizes above zero");
    }
    return FC_OK;
}

fc_status fc_collectives_run(fc_collectives_report *out, fc_arena *arena, const fc_ranks *ranks,
                             const fc_collectives_options *options, fc_error *error) {
    memset(out, 0, sizeof *out);
    FC_TRY(check(ranks, options, error));
    plan p = {.ranks = ranks,
              .options = options,
              .report = out,
              .measure = fc_measure_options_default(),
              .cases = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *p.cases)};
    if (p.cases == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %d samples", FC_MAX_SAMPLES);
    }
    make_cases(&p);
    FC_TRY(fc_exchange_open(&p.exchange, ranks, options->most_bytes, error));
    fc_status status = visit_all(&p, error);
    fc_exchange_close(&p.exchange);
    FC_TRY(status);
    finish(&p);
    return FC_OK;
}
