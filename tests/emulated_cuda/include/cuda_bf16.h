/* cuda_bf16.h: a stand-in; see cuda_runtime.h. */
#ifndef FLOPCAST_EMULATED_CUDA_BF16_H
#define FLOPCAST_EMULATED_CUDA_BF16_H

#include "fc_small_float.h"

struct __nv_bfloat16 {
    uint16_t bits;
};
static inline __nv_bfloat16 __float2bfloat16(float x) {
    return {static_cast<uint16_t>(fc_small_encode(x, fc_small_bf16))};
}
static inline float __bfloat162float(__nv_bfloat16 x) {
    return static_cast<float>(fc_small_decode(x.bits, fc_small_bf16));
}

#endif
