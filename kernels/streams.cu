/* streams.cu: bandwidth cases. Arrays of four times the L2 cache come out of memory, as STREAM demands; smaller ones, down to
 * a part of that cache, show what it gives. There is no first touch: memory on the card is mapped when it is allocated. */
#include "device.h"
#include "peek.h"
#include "stream.h"

#define CACHE_LEVEL 2
#define LEAST_ARRAY_BYTES ((size_t)256 << 20)
/* Together they pass the cache by this factor, or the cache serves a part of them. */
#define COLD_FACTOR 4
/* Of the cache: what fills half of it stays in it. */
#define CACHE_FRAC 0.5
/* One call out of the cache moves as much as goes into it so many times, since a launch takes microseconds. */
#define CACHE_PASSES 64

/* Arrays that an op goes through, which is also how often its bytes count. 0: no such op. */
static size_t arrays_of(uint32_t op) {
    switch (op) {
    case FC_MEMORY_OP_READ:
    case FC_MEMORY_OP_WRITE:
        return 1;
    case FC_MEMORY_OP_COPY:
        return 2;
    case FC_MEMORY_OP_TRIAD:
        return 3;
    default:
        return 0;
    }
}

static fc_status check(const fc_sample *sample, fc_error *error) {
    if (sample->memory_op == FC_MEMORY_OP_FIRST_TOUCH) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "a CUDA device has no first touch: its memory is mapped when it is allocated");
    }
    if (arrays_of(sample->memory_op) == 0) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "a memory case is a read, write, copy or triad");
    }
    if (sample->level != 0 && sample->level != CACHE_LEVEL) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "of a CUDA device the L2 cache can be measured, not level %u: the first level belongs to "
                            "one multiprocessor",
                            sample->level);
    }
    return FC_OK;
}

/* Bytes of all arrays together: as wished, else half of the cache or what passes it. */
static double wanted_bytes(const cuda_device *device, const fc_sample *sample) {
    double cache = device->properties.l2CacheSize;
    double arrays = static_cast<double>(arrays_of(sample->memory_op));
    if (sample->m > 0) {
        return 1024.0 * sample->m;
    }
    if (sample->level == CACHE_LEVEL) {
        return CACHE_FRAC * cache;
    }
    double array_bytes = COLD_FACTOR * cache;
    double least_bytes = static_cast<double>(LEAST_ARRAY_BYTES);
    return arrays * (array_bytes > least_bytes ? array_bytes : least_bytes);
}

fc_status fc_cuda_streams_prepare(cuda_device *device, fc_sample *sample, fc_error *error) {
    FC_TRY(check(sample, error));
    size_t room = 0;
    FC_TRY(fc_cuda_room(&room, device, error));
    size_t arrays = arrays_of(sample->memory_op);
    double cache = device->properties.l2CacheSize;
    double total = wanted_bytes(device, sample);
    double most = static_cast<double>(room) * static_cast<double>(arrays) / 4.0;
    double array_bytes = (total < most ? total : most) / static_cast<double>(arrays);
    cuda_streams *own = &device->streams;
    own->array_bytes = static_cast<size_t>(array_bytes) / FC_CUDA_ALIGN_BYTES * FC_CUDA_ALIGN_BYTES;
    if (own->array_bytes == 0) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0, "the device has no memory left for %zu arrays", arrays);
    }
    total = static_cast<double>(arrays * own->array_bytes);
    bool is_cold = total >= COLD_FACTOR * cache;
    own->passes = is_cold ? 1 : static_cast<size_t>(CACHE_PASSES * cache / total) + 1;
    FC_TRY(fc_cuda_grow_pool(device, 3 * own->array_bytes, error));
    FC_CUDA_TRY(
        fc_cuda_fill(device->pool, 3 * own->array_bytes / sizeof(double), FC_DTYPE_FP64, device->seed, device->stream));
    sample->dtype = FC_DTYPE_FP64;
    sample->bytes = total * static_cast<double>(own->passes);
    sample->level = is_cold ? 0 : CACHE_LEVEL;
    sample->residency = is_cold ? FC_RESIDENCY_MEMORY : FC_RESIDENCY_CACHE;
    return FC_OK;
}

fc_status fc_cuda_streams_enqueue(cuda_device *device, fc_error *error) {
    const cuda_streams *own = &device->streams;
    unsigned char *b = device->pool;
    FC_CUDA_TRY(fc_cuda_stream(device->sample.memory_op, b + 2 * own->array_bytes, b, b + own->array_bytes,
                               own->array_bytes, own->passes, device->stream));
    return FC_OK;
}

size_t fc_cuda_streams_at(const cuda_device *device, uint32_t part, size_t *out_bytes) {
    *out_bytes = part <= FC_CUDA_PART_OUT ? device->streams.array_bytes : 0;
    return part * device->streams.array_bytes;
}
