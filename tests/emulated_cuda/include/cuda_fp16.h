/* cuda_fp16.h: a stand-in; see cuda_runtime.h. */
#ifndef FLOPCAST_EMULATED_CUDA_FP16_H
#define FLOPCAST_EMULATED_CUDA_FP16_H

#include "fc_small_float.h"

struct __half {
    uint16_t bits;
};
static inline __half __float2half(float x) { return {static_cast<uint16_t>(fc_small_encode(x, fc_small_fp16))}; }

#endif
