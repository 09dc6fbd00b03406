#include "elementwise.h"

#include "machine.h"
#include "op_arrays.h"
#include "random.h"
#include "rows.h"
#include "workers.h"

#include <stdbool.h>

static fc_status check(const fc_sample *sample, fc_error *error) {
    if (sample->memory_op < FC_ELEMENTWISE_FIRST || sample->memory_op > FC_ELEMENTWISE_LAST) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "op %u is no elementwise operation", sample->memory_op);
    }
    bool has_table = fc_op_arrays_of(sample->memory_op).table > 0;
    if (sample->dtype != FC_DTYPE_FP32 || sample->m == 0 || sample->n == 0 || sample->n % FC_ELEMENTWISE_LANES != 0 ||
        (has_table && sample->k == 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "elementwise cases are fp32, of 1 row or more, a width of whole %ds, and a table where "
                            "there is one; found %u x %u, %u",
                            FC_ELEMENTWISE_LANES, sample->m, sample->n, sample->k);
    }
    return FC_OK;
}

/* The table at the front, then the arrays that begin filled, set by set; those only written at the back. */
fc_status fc_elementwise_prepare(fc_elementwise_case *out, fc_pool *pool, fc_sample *sample, fc_error *error) {
    FC_TRY(check(sample, error));
    fc_op_arrays arrays = fc_op_arrays_of(sample->memory_op);
    double row_bytes = sizeof(float) * (double)sample->n;
    double array_bytes = row_bytes * sample->m;
    double table_bytes = arrays.table > 0 ? row_bytes * sample->k : 0.0;
    double set_bytes = array_bytes * (double)(fc_op_filled(arrays) + arrays.written);
    if (table_bytes + set_bytes > (double)pool->size_bytes) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%s of %u x %u takes %.4g bytes; %zu fit",
                            fc_memory_op_name((fc_memory_op)sample->memory_op), sample->m, sample->n,
                            table_bytes + set_bytes, pool->size_bytes);
    }
    double cache_bytes = fc_machine_cache_bytes();
    size_t room = (size_t)(((double)pool->size_bytes - table_bytes) / set_bytes);
    size_t wanted = (size_t)(2.0 * cache_bytes / set_bytes) + 1;
    *out = (fc_elementwise_case){.array_bytes = (size_t)array_bytes, .table_bytes = (size_t)table_bytes};
    out->sets_count = wanted < room ? wanted : room;
    size_t front_bytes = out->table_bytes + out->sets_count * fc_op_filled(arrays) * out->array_bytes;
    FC_TRY(fc_pool_fill(pool, front_bytes, FC_DTYPE_FP32, error));
    bool in_place = arrays.changed > 0 || arrays.table > 1;
    fc_pool_overwrite(pool, in_place ? 0 : pool->size_bytes - out->sets_count * arrays.written * out->array_bytes);
    sample->bytes = array_bytes * fc_op_passes(arrays);
    bool cold = table_bytes + set_bytes * (double)out->sets_count > cache_bytes;
    sample->residency = cold ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

typedef struct rows_work {
    const fc_elementwise_case *prepared;
    const fc_pool *pool;
    const fc_sample *sample;
    fc_row_function function;
    fc_op_arrays arrays;
    uint32_t calls;
} rows_work;

/* Row 0 of the arrays of a set: first what begins filled, then what is only written. */
static fc_row arrays_at(const rows_work *work, size_t set) {
    const fc_elementwise_case *prepared = work->prepared;
    size_t filled = fc_op_filled(work->arrays);
    unsigned char *front = work->pool->bytes + prepared->table_bytes + set * filled * prepared->array_bytes;
    unsigned char *back =
        work->pool->bytes + work->pool->size_bytes - (set + 1) * work->arrays.written * prepared->array_bytes;
    float *arrays[4] = {NULL, NULL, NULL, NULL};
    for (size_t i = 0; i < 4 && i < filled + work->arrays.written; i++) {
        unsigned char *at = i < filled ? front + i * prepared->array_bytes : back;
        arrays[i] = (float *)(void *)at;
    }
    return (fc_row){arrays[0], arrays[1], arrays[2], arrays[3]};
}

static float *offset(float *array, size_t values) { return array != NULL ? array + values : NULL; }

static void dense_rows(const rows_work *work, const fc_row *arrays, size_t first, size_t end) {
    size_t width = work->sample->n;
    for (size_t i = first; i < end; i++) {
        fc_row row = {offset(arrays->a, i * width), offset(arrays->b, i * width), offset(arrays->c, i * width),
                      offset(arrays->d, i * width)};
        work->function(&row, width / FC_ELEMENTWISE_LANES);
    }
}

/* Rows of the table in an order of chance, another one each call. A gather shares out the rows that it writes; a
 * scatter-add shares out the table, so that no two threads add to one row. */
static void table_rows(const rows_work *work, const fc_row *arrays, size_t call, uint32_t index, uint32_t count) {
    const fc_sample *sample = work->sample;
    size_t width = sample->n;
    float *table = (float *)(void *)work->pool->bytes;
    bool gathers = work->arrays.table == 1;
    size_t total = gathers ? sample->m : sample->k;
    size_t first = total * index / count;
    size_t end = total * (index + 1U) / count;
    for (size_t i = gathers ? first : 0; i < (gathers ? end : sample->m); i++) {
        size_t entry = (size_t)(fc_random_bits(work->pool->seed, call * sample->m + i) % sample->k);
        if (!gathers && (entry < first || entry >= end)) {
            continue;
        }
        float *of_table = table + entry * width;
        float *of_array = arrays->a + i * width;
        fc_row row = {gathers ? of_table : of_array, gathers ? of_array : of_table, NULL, NULL};
        work->function(&row, width / FC_ELEMENTWISE_LANES);
    }
}

static void rows_share(void *context, uint32_t index, uint32_t count) {
    const rows_work *work = context;
    size_t rows = work->sample->m;
    for (size_t call = 0; call < work->calls; call++) {
        size_t turn = work->prepared->next_set + call;
        fc_row arrays = arrays_at(work, turn % work->prepared->sets_count);
        if (work->arrays.table > 0) {
            table_rows(work, &arrays, turn, index, count);
        } else {
            dense_rows(work, &arrays, rows * index / count, rows * (index + 1U) / count);
        }
    }
}

fc_status fc_elementwise_run(double *out_seconds, fc_elementwise_case *prepared, const fc_pool *pool,
                             const fc_sample *sample, uint32_t calls, fc_error *error) {
    rows_work work = {.prepared = prepared,
                      .pool = pool,
                      .sample = sample,
                      .function = fc_row_function_of(sample->memory_op),
                      .arrays = fc_op_arrays_of(sample->memory_op),
                      .calls = calls};
    fc_status status = fc_workers_run(out_seconds, sample->threads, rows_share, &work, error);
    prepared->next_set += calls;
    return status;
}
