/* kernel_habit.c: least squares with a pull to 0 over the grid of habits. */
#include "kernel_habit.h"

#include "flopcast/hd/kernel_habit.h"

#include <math.h> /* sqrt, fabs */
#include <string.h>

#define N FC_HABIT_COUNT
/* Every knot is pulled to 0 as if half a shape right on it said so; 1 was no better in a five-fold test. */
#define PULL 0.5
#define ROUNDS 4 /* of weights for large errors, from the errors before */
#define MOST_HABIT 1.0

typedef struct habit_row {
    fc_habit_spot spot;
    double left; /* ln(measured / form) */
} habit_row;

static void add_up(double *matrix, double *right, const habit_row *rows, size_t count, const double *habits,
                   double bend) {
    memset(matrix, 0, (size_t)N * N * sizeof *matrix);
    memset(right, 0, N * sizeof *right);
    for (size_t r = 0; r < count; r++) {
        const fc_habit_spot *spot = &rows[r].spot;
        double error = (rows[r].left - fc_hd_habit(habits, spot)) / bend;
        double weight = 1.0 / sqrt(1.0 + error * error);
        for (int i = 0; i < 8; i++) {
            double share = weight * spot->share[i];
            right[spot->knot[i]] += share * rows[r].left;
            for (int j = 0; j < 8; j++) {
                matrix[spot->knot[i] * N + spot->knot[j]] += share * spot->share[j];
            }
        }
    }
    for (int i = 0; i < N; i++) {
        matrix[i * N + i] += PULL;
    }
}

/* matrix · x = right by Cholesky: the pull makes the matrix positive definite, so no root is of 0 or less. */
static void solve(double *x, double *matrix, const double *right) {
    for (int i = 0; i < N; i++) {
        double *row = matrix + (size_t)i * N;
        for (int j = 0; j <= i; j++) {
            const double *other = matrix + (size_t)j * N;
            double sum = row[j];
            for (int k = 0; k < j; k++) {
                sum -= row[k] * other[k];
            }
            row[j] = i == j ? sqrt(sum) : sum / other[j];
        }
        x[i] = right[i];
        for (int k = 0; k < i; k++) {
            x[i] -= row[k] * x[k];
        }
        x[i] /= row[i];
    }
    for (int i = N - 1; i >= 0; i--) {
        for (int k = i + 1; k < N; k++) {
            x[i] -= matrix[(size_t)k * N + (size_t)i] * x[k];
        }
        x[i] /= matrix[(size_t)i * N + (size_t)i];
    }
}

fc_status fc_kernel_habits_fit(fc_kernel_curve *curve, const fc_kernel_row *const *rows, size_t count, double bend,
                               fc_arena *arena, fc_error *error) {
    habit_row *left = fc_arena_alloc(arena, (count + 1) * sizeof *left);
    double *matrix = fc_arena_alloc(arena, (size_t)N * (N + 1) * sizeof *matrix);
    if (left == NULL || matrix == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the habits of %zu shapes", count);
    }
    for (size_t i = 0; i < count; i++) {
        const double *dims = rows[i]->dims;
        fc_hd_habit_spot(&left[i].spot, dims[0], dims[1], dims[2]);
        left[i].left = fc_hd_log(rows[i]->seconds / fc_kernel_predict_s(curve, dims));
    }
    for (int round = 0; round < ROUNDS; round++) {
        add_up(matrix, matrix + (size_t)N * N, left, count, curve->habits, bend);
        solve(curve->habits, matrix, matrix + (size_t)N * N);
    }
    for (int i = 0; i < N; i++) {
        curve->habits[i] = fc_hd_clamp(curve->habits[i], -MOST_HABIT, MOST_HABIT);
    }
    return FC_OK;
}
