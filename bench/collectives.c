/* collectives.c: the plan: all ops at doubling sizes, then what was disturbed again, as long as the budget lasts. */
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
    uint32_t *order; /* of the visits: indexes of cases by size, so that a short budget cuts all ops alike */
    uint32_t at;     /* the next visit of this round */
    uint32_t round;  /* 0: the first visits */
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

static void order_cases(plan *p) {
    for (uint32_t i = 0; i < p->cases_count; i++) {
        uint32_t place = i;
        for (; place > 0 && p->cases[p->order[place - 1]].bytes > p->cases[i].bytes; place--) {
            p->order[place] = p->order[place - 1];
        }
        p->order[place] = i;
    }
}

/* ---- what is next: rank 0 alone --------------------------------------------------------------------------------- */

static double left_s(const plan *p, double budget_frac) {
    double spent_s = p->ranks->now_s(p->ranks->user) - p->options->begin_s;
    return p->options->budget_s * budget_frac - spent_s;
}

/* Visits from here on to sizes of about this one: as many ops are to share what is left. */
static uint32_t count_level(const plan *p) {
    uint32_t count = 0;
    double most_bytes = 1.5 * p->cases[p->order[p->at]].bytes;
    for (uint32_t at = p->at; at < p->cases_count && p->cases[p->order[at]].bytes < most_bytes; at++) {
        count++;
    }
    return count;
}

/* Whether a visit fits into its op's share, judged by the quickest call of the size before: at worst a call grows as the
 * bytes do. The first size of an op always fits; once a size was dropped, so are all larger ones of its op. */
static bool fits(const plan *p, uint32_t index, double share_s) {
    const fc_sample *sample = &p->cases[index];
    const fc_sample *before = index > 0 ? &p->cases[index - 1] : NULL;
    if (before == NULL || before->collective_op != sample->collective_op) {
        return true;
    }
    double expected_s = before->seconds_min * sample->bytes / before->bytes;
    return before->seconds > 0.0 && LEAST_CALLS * expected_s < share_s;
}

static bool next_first(plan *p, plan_order *order) {
    for (; p->at < p->cases_count; p->at++) {
        uint32_t index = p->order[p->at];
        double time_left_s = left_s(p, FIRST_VISITS_FRAC);
        if (fits(p, index, time_left_s / (double)count_level(p))) {
            order->index = index;
            order->limit_s = time_left_s / (double)(p->cases_count - p->at);
            p->at++;
            return true;
        }
        p->report->dropped_count++;
    }
    return false;
}

static uint32_t unstable_from(const plan *p, uint32_t at) {
    uint32_t count = 0;
    for (uint32_t i = at; i < p->cases_count; i++) {
        const fc_sample *sample = &p->cases[p->order[i]];
        count += sample->seconds > 0.0 && sample->unstable != 0;
    }
    return count;
}

static bool next_again(plan *p, plan_order *order) {
    while (p->round <= MOST_ROUNDS) {
        for (; p->at < p->cases_count; p->at++) {
            const fc_sample *sample = &p->cases[p->order[p->at]];
            double time_left_s = left_s(p, 1.0 - RESERVE_FRAC);
            if (sample->seconds > 0.0 && sample->unstable != 0 && LEAST_CALLS * sample->seconds < time_left_s) {
                double rounds_left = (double)(MOST_ROUNDS + 1U - p->round);
                order->limit_s = time_left_s / ((double)unstable_from(p, p->at) * rounds_left);
                order->index = p->order[p->at++];
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

/* A steady visit counts more than an unsteady one; of two unsteady ones the faster does, since what disturbs only adds
 * time. Every rank has the same numbers, so every rank keeps the same visit. */
static bool is_better(const fc_sample *sample, const fc_sample *known) {
    if (!(known->seconds > 0.0) || sample->unstable != known->unstable) {
        return !(known->seconds > 0.0) || sample->unstable == 0;
    }
    return sample->seconds < known->seconds;
}

static fc_status visit(plan *p, const plan_order *order, fc_error *error) {
    fc_sample *known = &p->cases[order->index];
    fc_sample sample = *known;
    fc_measure_options measure = p->measure;
    measure.case_budget_s = order->limit_s;
    FC_TRY(fc_measure_case(&sample, &fc_exchange_backend, &p->exchange, &measure, error));
    if (is_better(&sample, known)) {
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
              .cases = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *p.cases),
              .order = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *p.order)};
    if (p.cases == NULL || p.order == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %d samples", FC_MAX_SAMPLES);
    }
    make_cases(&p);
    order_cases(&p);
    FC_TRY(fc_exchange_open(&p.exchange, ranks, options->most_bytes, error));
    fc_status status = visit_all(&p, error);
    fc_exchange_close(&p.exchange);
    FC_TRY(status);
    finish(&p);
    return FC_OK;
}
