/* cuda_fp8.h: a stand-in; see cuda_runtime.h. */
#ifndef FLOPCAST_EMULATED_CUDA_FP8_H
#define FLOPCAST_EMULATED_CUDA_FP8_H

#include "fc_small_float.h"

struct __nv_fp8_e4m3 {
    uint8_t bits;
    explicit __nv_fp8_e4m3(float x) : bits(static_cast<uint8_t>(fc_small_encode(x, fc_small_e4m3))) {}
};

#endif
