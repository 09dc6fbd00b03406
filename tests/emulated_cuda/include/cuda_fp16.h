/* cuda_fp16.h: a stand-in; see cuda_runtime.h. */
#ifndef FLOPCAST_EMULATED_CUDA_FP16_H
#define FLOPCAST_EMULATED_CUDA_FP16_H

#include "fc_small_float.h"

struct __half {
    uint16_t bits;
};
static inline __half __float2half(float x) { return {static_cast<uint16_t>(fc_small_encode(x, fc_small_fp16))}; }
static inline float __half2float(__half x) { return static_cast<float>(fc_small_decode(x.bits, fc_small_fp16)); }

#endif
