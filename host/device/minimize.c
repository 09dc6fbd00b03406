#include "minimize.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define MOST_ROUNDS 8
#define MOST_MOVES 600
/* Spread of the corners' values, relative, at which a simplex has found its valley floor. */
#define SPREAD_FRAC 1e-10

typedef struct corner {
    double x[FC_MINIMIZE_MOST_DIMENSIONS];
    double value;
} corner;

typedef struct simplex {
    corner corners[FC_MINIMIZE_MOST_DIMENSIONS + 1];
    size_t dimensions;
    fc_objective objective;
    void *context;
} simplex;

/* Best first; ties keep their order, so that the path is the same everywhere. */
static void sort_corners(simplex *s) {
    for (size_t i = 1; i <= s->dimensions; i++) {
        corner moving = s->corners[i];
        size_t at = i;
        for (; at > 0 && s->corners[at - 1].value > moving.value; at--) {
            s->corners[at] = s->corners[at - 1];
        }
        s->corners[at] = moving;
    }
}

static void start_simplex(simplex *s, const double *x, const double *step, double scale) {
    for (size_t i = 0; i <= s->dimensions; i++) {
        memcpy(s->corners[i].x, x, s->dimensions * sizeof *x);
        if (i > 0) {
            s->corners[i].x[i - 1] += scale * step[i - 1];
        }
        s->corners[i].value = s->objective(s->corners[i].x, s->context);
    }
    sort_corners(s);
}

/* The point `factor` of the way from the worst corner's mirror line: 1 reflects, 2 expands, ±1/2 contracts. */
static corner move_worst(const simplex *s, double factor) {
    corner moved = {.value = 0.0};
    const corner *worst = &s->corners[s->dimensions];
    for (size_t d = 0; d < s->dimensions; d++) {
        double center = 0.0;
        for (size_t i = 0; i < s->dimensions; i++) {
            center += s->corners[i].x[d];
        }
        center /= (double)s->dimensions;
        moved.x[d] = center + factor * (center - worst->x[d]);
    }
    moved.value = s->objective(moved.x, s->context);
    return moved;
}

static void shrink(simplex *s) {
    for (size_t i = 1; i <= s->dimensions; i++) {
        for (size_t d = 0; d < s->dimensions; d++) {
            s->corners[i].x[d] = 0.5 * (s->corners[i].x[d] + s->corners[0].x[d]);
        }
        s->corners[i].value = s->objective(s->corners[i].x, s->context);
    }
}

static void move_once(simplex *s) {
    corner *worst = &s->corners[s->dimensions];
    corner reflected = move_worst(s, 1.0);
    if (reflected.value < s->corners[0].value) {
        corner expanded = move_worst(s, 2.0);
        *worst = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < s->corners[s->dimensions - 1].value) {
        *worst = reflected;
    } else {
        corner contracted = move_worst(s, reflected.value < worst->value ? 0.5 : -0.5);
        if (contracted.value < worst->value && contracted.value <= reflected.value) {
            *worst = contracted;
        } else {
            shrink(s);
        }
    }
    sort_corners(s);
}

static int has_settled(const simplex *s) {
    double best = s->corners[0].value;
    double worst = s->corners[s->dimensions].value;
    return worst - best <= SPREAD_FRAC * (fabs(best) + SPREAD_FRAC);
}

double fc_minimize(double *x, const double *step, size_t dimensions, fc_objective objective, void *context) {
    assert(dimensions >= 1 && dimensions <= FC_MINIMIZE_MOST_DIMENSIONS);
    simplex s = {.dimensions = dimensions, .objective = objective, .context = context};
    double best = objective(x, context);
    double scale = 1.0;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        start_simplex(&s, x, step, scale);
        for (int move = 0; move < MOST_MOVES && !has_settled(&s); move++) {
            move_once(&s);
        }
        double gained = best - s.corners[0].value;
        if (gained > 0.0) {
            memcpy(x, s.corners[0].x, dimensions * sizeof *x);
            best = s.corners[0].value;
        }
        if (gained <= 1e-6 * fabs(best)) {
            break;
        }
        /* The other way round: a simplex that has collapsed onto one side of a valley leaves it. */
        scale = -0.5 * scale;
    }
    return best;
}
