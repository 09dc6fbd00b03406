/* train_products.c: products with trained matrices. Each thread computes a piece of the result with the library on that
 * one thread, cut along the longer side: the library's own threads would wait actively beside the pool's, and take
 * processor time from whatever pass comes next. */
#include "train_state.h"

/* Pieces begin at whole vectors of the widest kind. */
#define PIECE_STEP 16

typedef struct product {
    CBLAS_TRANSPOSE turn_a;
    CBLAS_TRANSPOSE turn_b;
    size_t m;
    size_t n;
    size_t k;
    const fc_real *a;
    size_t a_row; /* numbers from one stored row to the next */
    const fc_real *b;
    size_t b_row;
    fc_real *out; /* m rows of n */
    fc_real adds; /* 1: on top of what is there */
} product;

typedef struct product_work {
    product products[2];
    size_t count;
} product_work;

static void share_steps(size_t *begin, size_t *end, size_t total, uint32_t index, uint32_t count) {
    size_t steps = (total + PIECE_STEP - 1) / PIECE_STEP;
    fc_train_share(begin, end, steps, index, count);
    *begin = *begin * PIECE_STEP < total ? *begin * PIECE_STEP : total;
    *end = *end * PIECE_STEP < total ? *end * PIECE_STEP : total;
}

static void multiply_piece(const product *all, uint32_t index, uint32_t count) {
    product one = *all;
    size_t begin = 0;
    size_t end = 0;
    bool by_rows = one.m >= one.n;
    share_steps(&begin, &end, by_rows ? one.m : one.n, index, count);
    if (begin == end) {
        return;
    }
    if (by_rows) {
        one.a += one.turn_a == CblasTrans ? begin : begin * one.a_row;
        one.out += begin * all->n;
        one.m = end - begin;
    } else {
        one.b += one.turn_b == CblasTrans ? begin * one.b_row : begin;
        one.out += begin;
        one.n = end - begin;
    }
    fc_gemm(CblasRowMajor, one.turn_a, one.turn_b, (blasint)one.m, (blasint)one.n, (blasint)one.k, 1, one.a,
            (blasint)one.a_row, one.b, (blasint)one.b_row, one.adds, one.out, (blasint)all->n);
}

static void multiply_slice(void *context, uint32_t index, uint32_t count) {
    const product_work *work = context;
    for (size_t i = 0; i < work->count; i++) {
        multiply_piece(&work->products[i], index, count);
    }
}

void fc_train_multiply(fc_train *train, fc_real *out, const fc_real *in, fc_train_matrix matrix, int adds) {
    product_work work = {.count = 1};
    work.products[0] = (product){.turn_a = CblasNoTrans,
                                 .turn_b = CblasTrans,
                                 .m = train->tokens_count,
                                 .n = matrix.n,
                                 .k = matrix.k,
                                 .a = in,
                                 .a_row = matrix.k,
                                 .b = train->weights + matrix.offset,
                                 .b_row = matrix.k,
                                 .out = out,
                                 .adds = (fc_real)adds};
    fc_pool_run(train->pool, multiply_slice, &work);
}

void fc_train_multiply_back(fc_train *train, fc_real *in_grad, const fc_real *out_grad, const fc_real *in,
                            fc_train_matrix matrix) {
    product_work work = {.count = 2};
    work.products[0] = (product){.turn_a = CblasNoTrans,
                                 .turn_b = CblasNoTrans,
                                 .m = train->tokens_count,
                                 .n = matrix.k,
                                 .k = matrix.n,
                                 .a = out_grad,
                                 .a_row = matrix.n,
                                 .b = train->weights + matrix.offset,
                                 .b_row = matrix.k,
                                 .out = in_grad};
    work.products[1] = (product){.turn_a = CblasTrans,
                                 .turn_b = CblasNoTrans,
                                 .m = matrix.n,
                                 .n = matrix.k,
                                 .k = train->tokens_count,
                                 .a = out_grad,
                                 .a_row = matrix.n,
                                 .b = in,
                                 .b_row = matrix.k,
                                 .out = train->gradients + matrix.offset};
    fc_pool_run(train->pool, multiply_slice, &work);
}
