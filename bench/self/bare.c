/* bare.c: does `flopcast bench` find what the machine has? The plainest loops there are, over the library's matmul and
 * over three arrays, beside the best of a calibration that was measured just before. */
#include "self_bench.h"

#include "doors/calibration_file.h"
#include "flopcast/measure.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>

#define GOAL_MATMUL 0.98
#define GOAL_TRIAD 0.95
#define MOST_SIDE 4096
#define CALLS 5
#define TRIAD_COUNT ((size_t)16 << 20) /* doubles an array: 128 MiB */
#define MOST_THREADS 64

static const int sides[] = {1024, 1536, 2048, 3072, MOST_SIDE};

static double best_matmul(float *a, float *b, float *c) {
    double best = 0.0;
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        int n = sides[i];
        for (int call = 0; call < CALLS; call++) {
            double begin_s = fc_measure_now_s();
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1.0F, a, n, b, n, 0.0F, c, n);
            double rate = 2.0 * n * n * n / (fc_measure_now_s() - begin_s);
            best = rate > best ? rate : best;
        }
    }
    return best;
}

typedef struct triad_share {
    double *a;
    const double *b;
    const double *c;
    size_t count;
} triad_share;

/* STREAM's triad (McCalpin 1995), as a compiler makes it from the plain loop. */
static void *triad(void *argument) {
    const triad_share *share = argument;
    for (size_t i = 0; i < share->count; i++) {
        share->a[i] = share->b[i] + 3.0 * share->c[i];
    }
    return NULL;
}

static double triad_once_s(const triad_share *shares, uint32_t threads) {
    pthread_t made[MOST_THREADS];
    bool started[MOST_THREADS] = {false};
    double begin_s = fc_measure_now_s();
    for (uint32_t i = 1; i < threads; i++) {
        started[i] = pthread_create(&made[i], NULL, triad, (void *)&shares[i]) == 0;
        if (!started[i]) {
            (void)triad((void *)&shares[i]);
        }
    }
    (void)triad((void *)&shares[0]);
    for (uint32_t i = 1; i < threads; i++) {
        if (started[i]) {
            (void)pthread_join(made[i], NULL);
        }
    }
    return fc_measure_now_s() - begin_s;
}

static double best_triad(double *arrays, uint32_t threads) {
    triad_share shares[MOST_THREADS];
    double best = 0.0;
    for (uint32_t i = 0; i < threads; i++) {
        size_t begin = TRIAD_COUNT * i / threads;
        shares[i] = (triad_share){arrays + begin, arrays + TRIAD_COUNT + begin, arrays + 2 * TRIAD_COUNT + begin,
                                  TRIAD_COUNT * (i + 1) / threads - begin};
    }
    for (int call = 0; call < 4 * CALLS; call++) {
        double rate = 24.0 * (double)TRIAD_COUNT / triad_once_s(shares, threads);
        best = rate > best ? rate : best;
    }
    return best;
}

/* The best single timings of a kind, since the loops are judged by theirs. */
static double best_of(const fc_calibration *calibration, bool matmul) {
    double best = 0.0;
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *s = &calibration->samples[i];
        double work = 0.0;
        if (matmul && s->kind == FC_SAMPLE_MATMUL && s->dtype == FC_DTYPE_FP32) {
            work = 2.0 * (double)s->batch * (double)s->m * (double)s->n * (double)s->k;
        } else if (!matmul && s->kind == FC_SAMPLE_MEMORY && s->memory_op == FC_MEMORY_OP_TRIAD && s->level == 0) {
            work = s->bytes;
        }
        best = work / s->seconds_min > best ? work / s->seconds_min : best;
    }
    return best;
}

static void print_share(const char *what, double found, double bare, double goal) {
    fc_self_row row = {
        .what = what, .unit = "", .least = found / bare, .median = found / bare, .goal = goal, .more_is_better = true};
    fc_self_print(&row);
}

fc_status fc_self_bare(const char *calibration_path, fc_error *error) {
    fc_arena *arena = fc_arena_create(0);
    fc_calibration calibration;
    double *room = calloc(3 * TRIAD_COUNT, sizeof *room);
    fc_status status = arena != NULL && room != NULL
                           ? fc_calibration_read(&calibration, arena, calibration_path, error)
                           : fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the plain loops");
    if (status == FC_OK) {
        uint32_t threads = calibration.device.threads;
        threads = threads < 1 ? 1 : (threads > MOST_THREADS ? MOST_THREADS : threads);
        for (size_t i = 0; i < 3 * TRIAD_COUNT; i++) {
            room[i] = (double)(i % 1000) * 1e-3;
        }
        double stream = best_triad(room, threads);
        float *matrices = (float *)(void *)room;
        size_t square = (size_t)MOST_SIDE * MOST_SIDE;
        openblas_set_num_threads((int)threads);
        double bare = best_matmul(matrices, matrices + square, matrices + 2 * square);
        print_share("best fp32 matmul of the file / of a bare loop", best_of(&calibration, true), bare, GOAL_MATMUL);
        print_share("triad of the file / of a plain loop", best_of(&calibration, false), stream, GOAL_TRIAD);
    }
    free(room);
    fc_arena_destroy(arena);
    return status;
}
