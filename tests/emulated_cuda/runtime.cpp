/* runtime.cpp: the emulated CUDA runtime. Work is done when it is enqueued; its time is made up. */
#include "state.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#define MARKED_BYTES ((size_t)1 << 20)

static thread_local int current_device = 0;

/* ---- faults and counts ------------------------------------------------------------------------------------------ */

/* The command line has no other way to ask for a fault or for less memory. */
static void read_environment(emulated_state *state) {
    static const char *const names[] = {"sound",         "no-driver", "no-device", "out-of-memory",
                                        "failed-launch", "sticky",    "no-nvml",   "no-nccl"};
    const char *fault = getenv("FC_EMULATED_CUDA");
    for (uint32_t i = 0; fault != nullptr && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(fault, names[i]) == 0) {
            state->fault = i;
        }
    }
    const char *kib = getenv("FC_EMULATED_CUDA_KIB");
    state->memory_bytes = (kib != nullptr ? strtoul(kib, nullptr, 10) : 64UL * 1024) * 1024;
}

emulated_state &emulated() {
    static emulated_state state;
    static const bool once = (read_environment(&state), true);
    (void)once;
    return state;
}

int emulated_current_device() { return current_device; }

bool emulated_enter() { return emulated_enter_in(FC_EMULATED_IN_CUDA); }

bool emulated_enter_in(uint32_t library) {
    emulated_state &state = emulated();
    state.calls++;
    const bool fails = state.fail_at != 0 && state.calls == state.fail_at;
    state.failed_in = fails ? library : state.failed_in;
    if (library == FC_EMULATED_IN_NVML) { /* it goes on when a device is lost, and is no loss to one */
        state.nvml_dead = state.nvml_dead || (fails && state.fail_sticky);
        return !fails && !state.nvml_dead;
    }
    if (state.pending) {
        state.pending = false;
        state.sticky = cudaErrorIllegalAddress;
    }
    if (fails) {
        state.sticky = state.fail_sticky ? cudaErrorIllegalAddress : state.sticky;
        return false;
    }
    return state.sticky == cudaSuccess;
}

bool emulated_alive(const void *object) {
    const bool alive = emulated().objects.count(object) != 0;
    emulated().misuses += alive ? 0 : 1;
    return alive;
}

bool emulated_holds(const void *at, size_t bytes, int device) {
    emulated_state &state = emulated();
    const unsigned char *from = static_cast<const unsigned char *>(at);
    auto next = state.memory.upper_bound(from);
    if (next != state.memory.begin()) {
        const auto &found = *--next;
        if (found.second.device == device && static_cast<size_t>(from - found.first) <= found.second.bytes &&
            bytes <= found.second.bytes - static_cast<size_t>(from - found.first)) {
            return true;
        }
    }
    state.misuses++;
    return false;
}

void emulated_ran(cudaStream_t stream, double seconds) {
    stream->clock_s += EMULATED_LAUNCH_S + seconds;
    emulated().pending = emulated().pending || emulated().fault == FC_EMULATED_STICKY;
}

void fc_emulated_reset(void) {
    emulated_state &state = emulated();
    state.calls = 0;
    state.misuses = 0;
    state.fail_at = 0;
    state.pending = false;
    state.fault = FC_EMULATED_SOUND;
    state.sticky = cudaSuccess;
    state.last = cudaSuccess;
    state.devices = EMULATED_USUAL_DEVICES;
    state.failed_in = FC_EMULATED_IN_CUDA;
    state.nvml_dead = false;
    state.throttled_times = 0;
}

void fc_emulated_break(uint32_t fault) { emulated().fault = fault; }

void fc_emulated_fail_call(uint64_t call, int sticky) {
    emulated().fail_at = emulated().calls + call;
    emulated().fail_sticky = sticky != 0;
}

void fc_emulated_set_memory(size_t bytes) { emulated().memory_bytes = bytes; }

void fc_emulated_set_devices(int count) {
    emulated().devices = count < EMULATED_MOST_DEVICES ? count : EMULATED_MOST_DEVICES;
}

void fc_emulated_throttle(uint64_t reasons, uint32_t times) {
    emulated().throttle_reasons = reasons;
    emulated().throttled_times = times;
}

fc_emulated_counts fc_emulated_count(void) {
    const emulated_state &state = emulated();
    return {state.calls, state.memory.size() + state.objects.size() + state.nvml_users, state.failed_in, state.misuses};
}

/* ---- errors and devices ----------------------------------------------------------------------------------------- */

static cudaError_t done(cudaError_t error) {
    if (error != cudaSuccess) {
        emulated().last = error;
    }
    return error;
}

/* What a call that was told to fail says. */
static cudaError_t failure(cudaError_t own) { return done(emulated().sticky != cudaSuccess ? emulated().sticky : own); }

#define ENTER(own)                                                                                                     \
    do {                                                                                                               \
        if (!emulated_enter()) {                                                                                       \
            return failure(own);                                                                                       \
        }                                                                                                              \
    } while (0)

static const struct {
    cudaError_t error;
    const char *name;
    const char *text;
} errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "emulated: invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "emulated: out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "emulated: invalid launch configuration"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver", "emulated: no driver, or one that is too old"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "emulated: no device"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "emulated: no such device"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "emulated: invalid stream or event"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "emulated: a kernel reached outside its memory"},
    {cudaErrorLaunchOutOfResources, "cudaErrorLaunchOutOfResources", "emulated: too many resources for a launch"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "emulated: threads of a warp wait for one that never comes"},
};

const char *cudaGetErrorString(cudaError_t error) {
    for (const auto &known : errors) {
        if (known.error == error) {
            return known.text;
        }
    }
    return "emulated: unknown error";
}

const char *cudaGetErrorName(cudaError_t error) {
    for (const auto &known : errors) {
        if (known.error == error) {
            return known.name;
        }
    }
    return "cudaErrorUnknown";
}

cudaError_t cudaGetLastError() {
    const cudaError_t last = emulated().last;
    emulated().last = emulated().sticky;
    return last;
}

cudaError_t cudaGetDeviceCount(int *count) {
    ENTER(cudaErrorUnknown);
    *count = 0;
    if (emulated().fault == FC_EMULATED_NO_DRIVER) {
        return done(cudaErrorInsufficientDriver);
    }
    if (emulated().fault == FC_EMULATED_NO_DEVICE) {
        return done(cudaErrorNoDevice);
    }
    *count = emulated().devices;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    ENTER(cudaErrorUnknown);
    if (device < 0 || device >= emulated().devices) {
        return done(cudaErrorInvalidDevice);
    }
    current_device = device;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device) {
    ENTER(cudaErrorUnknown);
    memset(out, 0, sizeof *out);
    const char *played = getenv("FC_EMULATED_CUDA_NAME"); /* to test that names are looked up, and never believed here */
    if (played != NULL) {
        (void)snprintf(out->name, sizeof out->name, "emulated %.200s", played);
    } else {
        (void)snprintf(out->name, sizeof out->name, "emulated device %d (no GPU: computed on the CPU)", device);
    }
    out->totalGlobalMem = emulated().memory_bytes;
    out->major = 9;
    out->multiProcessorCount = 1;
    out->l2CacheSize = 64 * 1024;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *out, cudaDeviceAttr attribute, int) {
    ENTER(cudaErrorUnknown);
    if (attribute != cudaDevAttrClockRate) {
        return done(cudaErrorInvalidValue);
    }
    *out = 1;
    return cudaSuccess;
}

void emulated_bus_address(char *out, size_t size, int device) {
    (void)snprintf(out, size, "0000:%02x:00.0", static_cast<unsigned>(device) + 0xE0U);
}

cudaError_t cudaDeviceGetPCIBusId(char *out, int size, int device) {
    ENTER(cudaErrorUnknown);
    if (device < 0 || device >= emulated().devices) {
        return done(cudaErrorInvalidDevice);
    }
    emulated_bus_address(out, static_cast<size_t>(size), device);
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *out) {
    ENTER(cudaErrorUnknown);
    *out = 0;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *out) {
    ENTER(cudaErrorUnknown);
    *out = 0;
    return cudaSuccess;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

cudaError_t cudaMalloc(void **out, size_t bytes) {
    ENTER(cudaErrorMemoryAllocation);
    emulated_state &state = emulated();
    if (state.fault == FC_EMULATED_OUT_OF_MEMORY || bytes > state.memory_bytes - state.used_bytes) {
        return done(cudaErrorMemoryAllocation);
    }
    void *made = nullptr;
    if (posix_memalign(&made, 256, bytes > 0 ? bytes : 1) != 0) {
        return done(cudaErrorMemoryAllocation);
    }
    /* Not a number in every format: what is read before it is written shows. A large workspace need not all be touched. */
    memset(made, 0xFF, bytes < MARKED_BYTES ? bytes : MARKED_BYTES);
    state.memory[static_cast<unsigned char *>(made)] = {bytes, current_device};
    state.used_bytes += bytes;
    *out = made;
    return cudaSuccess;
}

cudaError_t cudaFree(void *memory) {
    emulated_state &state = emulated();
    const bool sound = emulated_enter();
    if (memory != nullptr) {
        auto found = state.memory.find(static_cast<unsigned char *>(memory));
        if (found == state.memory.end()) {
            state.misuses++;
            return done(cudaErrorInvalidValue);
        }
        state.used_bytes -= found->second.bytes;
        state.memory.erase(found);
        free(memory);
    }
    return sound ? cudaSuccess : failure(cudaErrorUnknown);
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes) {
    ENTER(cudaErrorUnknown);
    *free_bytes = emulated().memory_bytes - emulated().used_bytes;
    *total_bytes = emulated().memory_bytes;
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    ENTER(cudaErrorUnknown);
    if (!emulated_alive(stream)) {
        return done(cudaErrorInvalidResourceHandle);
    }
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if ((to_device && !emulated_holds(to, bytes, stream->device)) ||
        (from_device && !emulated_holds(from, bytes, stream->device))) {
        return done(cudaErrorInvalidValue);
    }
    memcpy(to, from, bytes);
    stream->clock_s += static_cast<double>(bytes) / EMULATED_BYTES_PER_S;
    return cudaSuccess;
}

/* ---- streams and events ----------------------------------------------------------------------------------------- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned) {
    ENTER(cudaErrorUnknown);
    *out = emulated_make<CUstream_st>();
    (*out)->device = current_device;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    ENTER(cudaErrorUnknown);
    return done(emulated_alive(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    const bool sound = emulated_enter();
    if (!emulated_end(stream)) {
        return done(cudaErrorInvalidResourceHandle);
    }
    return sound ? cudaSuccess : failure(cudaErrorUnknown);
}

cudaError_t cudaEventCreate(cudaEvent_t *out) {
    ENTER(cudaErrorUnknown);
    *out = emulated_make<CUevent_st>();
    (*out)->device = current_device;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    ENTER(cudaErrorUnknown);
    if (!emulated_alive(event) || !emulated_alive(stream) || event->device != stream->device) {
        return done(cudaErrorInvalidResourceHandle);
    }
    event->recorded = true;
    event->at_s = stream->clock_s;
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    ENTER(cudaErrorUnknown);
    return done(emulated_alive(event) ? cudaSuccess : cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventElapsedTime(float *out_ms, cudaEvent_t begin, cudaEvent_t end) {
    ENTER(cudaErrorUnknown);
    if (!emulated_alive(begin) || !emulated_alive(end) || !begin->recorded || !end->recorded) {
        return done(cudaErrorInvalidResourceHandle);
    }
    *out_ms = static_cast<float>(1e3 * (end->at_s - begin->at_s));
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    const bool sound = emulated_enter();
    if (!emulated_end(event)) {
        return done(cudaErrorInvalidResourceHandle);
    }
    return sound ? cudaSuccess : failure(cudaErrorUnknown);
}

/* ---- kernels ---------------------------------------------------------------------------------------------------- */

cudaError_t fc_emulated_launch(dim3 grid, dim3 block, cudaStream_t stream, const std::function<void()> &thread) {
    ENTER(cudaErrorLaunchOutOfResources);
    if (!emulated_alive(stream) || stream->device != current_device) {
        return done(cudaErrorInvalidResourceHandle);
    }
    /* One dimension is all that the plug-in uses. */
    if (grid.x == 0 || grid.y != 1 || grid.z != 1 || block.x == 0 || block.x > 1024 || block.y != 1 || block.z != 1) {
        return done(cudaErrorInvalidConfiguration);
    }
    if (emulated().fault == FC_EMULATED_FAILED_LAUNCH) {
        return done(cudaErrorLaunchOutOfResources);
    }
    if (!emulated_run_threads(grid, block, thread)) {
        emulated().misuses++;
        return done(cudaErrorLaunchFailure);
    }
    emulated_ran(stream, 16.0 * grid.x * block.x / EMULATED_BYTES_PER_S);
    return cudaSuccess;
}
