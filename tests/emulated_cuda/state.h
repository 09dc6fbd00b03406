/* state.h: what the emulated runtime and the emulated cuBLASLt know together. */
#ifndef FLOPCAST_EMULATED_STATE_H
#define FLOPCAST_EMULATED_STATE_H

#include "emulation.h"

#include <cuda_runtime.h>

#include <map>
#include <set>

/* Made up, and far below any real device, so that nobody takes them for one. */
#define EMULATED_LAUNCH_S 1e-3
#define EMULATED_FLOP_PER_S 1e9
#define EMULATED_BYTES_PER_S 1e9
#define EMULATED_USUAL_DEVICES 2
#define EMULATED_MOST_DEVICES 8

struct CUstream_st {
    int device;
    double clock_s; /* work enqueued so far, in made-up seconds */
};
struct CUevent_st {
    int device;
    bool recorded;
    double at_s;
};

struct emulated_allocation {
    size_t bytes;
    int device;
};

struct emulated_state {
    std::map<const unsigned char *, emulated_allocation> memory;
    std::set<const void *> objects; /* streams, events and what cuBLASLt makes */
    uint64_t calls = 0;
    uint64_t misuses = 0;
    uint64_t fail_at = 0;
    bool fail_sticky = false;
    bool pending = false; /* a kernel went wrong; the next call tells */
    uint32_t fault = FC_EMULATED_SOUND;
    cudaError_t sticky = cudaSuccess;
    cudaError_t last = cudaSuccess;
    int devices = EMULATED_USUAL_DEVICES;
    uint32_t failed_in = FC_EMULATED_IN_CUDA;
    bool nvml_dead = false; /* NVML fails from now on, and nothing else does */
    uint32_t nvml_users = 0;
    uint64_t throttle_reasons = 0;
    uint32_t throttled_times = 0;
    size_t memory_bytes = 0;
    size_t used_bytes = 0;
};

emulated_state &emulated();
int emulated_current_device();

/* At the top of every call: counts it and says whether it is one that fails. */
bool emulated_enter();
/* The same in a library (fc_emulated_library) that may fail without the others. */
bool emulated_enter_in(uint32_t library);
void emulated_bus_address(char *out, size_t size, int device);
/* What a library that is opened at run time exports. */
struct emulated_symbol {
    const char *name;
    void *function;
};
const emulated_symbol *emulated_nvml(size_t *out_count);
const emulated_symbol *emulated_nccl(size_t *out_count);
/* Is `object` alive? Counts a misuse if not. */
bool emulated_alive(const void *object);
/* Do `bytes` from `at` lie within one allocation of the device? Counts a misuse if not. */
bool emulated_holds(const void *at, size_t bytes, int device);
/* A kernel ran, or was told to go wrong. */
void emulated_ran(cudaStream_t stream, double seconds);

/* warps.cpp: every thread of the grid; false when threads of a warp wait for one that never comes. */
bool emulated_run_threads(dim3 grid, dim3 block, const std::function<void()> &thread);

template <typename T> T *emulated_make() {
    T *made = new T();
    emulated().objects.insert(made);
    return made;
}
template <typename T> bool emulated_end(T *object) {
    if (!emulated_alive(object)) {
        return false;
    }
    emulated().objects.erase(object);
    delete object;
    return true;
}

#endif
