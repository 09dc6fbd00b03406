/* rows.cu: elementwise cases: where their arrays lie. Every call takes the next of several equal sets that together pass
 * the L2 cache twice; a table is read in no order and so is one for all sets. */
#include "device.h"
#include "elementwise.h"
#include "peek.h"
#include "stream.h"

#include "../host/device/op_arrays.h"

static fc_status check(const fc_sample *sample, fc_error *error) {
    if (sample->memory_op < FC_ELEMENTWISE_FIRST || sample->memory_op > FC_ELEMENTWISE_LAST) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "op %u is no elementwise operation", sample->memory_op);
    }
    const char *name = fc_memory_op_name((fc_memory_op)sample->memory_op);
    if (!fc_cuda_has_operation(sample->memory_op, sample->dtype)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "the CUDA backend has %s in %s, not in %s", name,
                            fc_cuda_has_operation(sample->memory_op, FC_DTYPE_BF16) ? "fp32, fp16 and bf16" : "fp32",
                            sample->dtype < FC_DTYPE_COUNT ? fc_dtype_name((fc_dtype)sample->dtype) : "this");
    }
    bool has_table = fc_op_arrays_of(sample->memory_op).table > 0;
    if (sample->m == 0 || sample->n == 0 || sample->n % FC_ELEMENTWISE_LANES != 0 || (has_table && sample->k == 0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "elementwise cases have 1 row or more, a width of whole %ds, and a table where there is "
                            "one; found %u x %u, %u",
                            FC_ELEMENTWISE_LANES, sample->m, sample->n, sample->k);
    }
    return FC_OK;
}

fc_status fc_cuda_rows_prepare(cuda_device *device, fc_sample *sample, fc_error *error) {
    FC_TRY(check(sample, error));
    fc_op_arrays arrays = fc_op_arrays_of(sample->memory_op);
    double width = fc_dtype_bytes((fc_dtype)sample->dtype);
    double array_bytes = width * sample->m * sample->n;
    double table_bytes = arrays.table > 0 ? width * sample->n * sample->k : 0.0;
    double set_bytes = array_bytes * (fc_op_filled(arrays) + arrays.written);
    size_t room = 0;
    FC_TRY(fc_cuda_room(&room, device, error));
    if (table_bytes + set_bytes + 5.0 * FC_CUDA_ALIGN_BYTES > static_cast<double>(room)) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "%s of %u x %u takes %.4g bytes; %zu fit",
                            fc_memory_op_name((fc_memory_op)sample->memory_op), sample->m, sample->n,
                            table_bytes + set_bytes, room);
    }
    cuda_rows *own = &device->rows;
    own->array_bytes = fc_cuda_aligned(array_bytes);
    own->table_bytes = fc_cuda_aligned(table_bytes);
    own->next_set = 0;
    size_t one_set = own->array_bytes * (fc_op_filled(arrays) + arrays.written);
    size_t cache = static_cast<size_t>(device->properties.l2CacheSize);
    size_t most = (room - own->table_bytes) / one_set;
    size_t wanted = 2 * cache / one_set + 1;
    own->sets_count = wanted < most ? wanted : most;
    size_t front_bytes = own->table_bytes + own->sets_count * fc_op_filled(arrays) * own->array_bytes;
    FC_TRY(fc_cuda_grow_pool(device, own->table_bytes + own->sets_count * one_set, error));
    FC_CUDA_TRY(fc_cuda_fill(device->pool, front_bytes / static_cast<size_t>(width), (fc_dtype)sample->dtype,
                             device->seed, device->stream));
    sample->bytes = array_bytes * fc_op_passes(arrays);
    bool cold = own->table_bytes + own->sets_count * one_set > cache;
    sample->residency = cold ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

/* Where array `index` of a set begins: first those that begin filled, then those only written. */
static size_t array_at(const cuda_device *device, size_t set, uint32_t index) {
    const cuda_rows *own = &device->rows;
    fc_op_arrays arrays = fc_op_arrays_of(device->sample.memory_op);
    size_t filled = fc_op_filled(arrays);
    size_t number = index < filled ? set * filled + index : own->sets_count * filled + set * arrays.written;
    return own->table_bytes + number * own->array_bytes;
}

fc_status fc_cuda_rows_enqueue(cuda_device *device, fc_error *error) {
    cuda_rows *own = &device->rows;
    const fc_sample *sample = &device->sample;
    fc_op_arrays arrays = fc_op_arrays_of(sample->memory_op);
    fc_cuda_operation what = {};
    what.op = sample->memory_op;
    what.dtype = sample->dtype;
    what.rows = sample->m;
    what.width = sample->n;
    what.table_rows = sample->k;
    what.table = device->pool;
    what.seed = device->seed;
    what.first = own->next_set * sample->m;
    for (uint32_t i = 0; i < fc_op_filled(arrays) + arrays.written; i++) {
        what.arrays[i] = device->pool + array_at(device, own->next_set % own->sets_count, i);
    }
    own->next_set++;
    FC_CUDA_TRY(fc_cuda_operate(&what, device->stream));
    return FC_OK;
}

size_t fc_cuda_rows_at(const cuda_device *device, uint32_t part, size_t *out_bytes) {
    const cuda_rows *own = &device->rows;
    fc_op_arrays arrays = fc_op_arrays_of(device->sample.memory_op);
    if (part == FC_CUDA_PART_TABLE) {
        *out_bytes = own->table_bytes;
        return 0;
    }
    *out_bytes = part < fc_op_filled(arrays) + arrays.written ? own->array_bytes : 0;
    size_t last = own->next_set > 0 ? own->next_set - 1 : 0;
    return array_at(device, last % own->sets_count, part);
}
