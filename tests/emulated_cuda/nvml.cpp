/* nvml.cpp: the emulated NVML: numbers too small for any card, and slowdowns on demand. */
#include "state.h"

#include <cstdio>
#include <cstring>

namespace {

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_FOUND = 6, UNKNOWN = 999 };

/* What NVML hands out for a card. */
struct card {
    int index;
};
card cards[EMULATED_MOST_DEVICES];

int enter(const void *device) {
    if (!emulated_enter_in(FC_EMULATED_IN_NVML)) {
        return UNKNOWN;
    }
    if (emulated().nvml_users == 0) {
        emulated().misuses++;
        return UNINITIALIZED;
    }
    const card *at = static_cast<const card *>(device);
    return device == nullptr || (at >= cards && at < cards + EMULATED_MOST_DEVICES) ? SUCCESS : INVALID_ARGUMENT;
}

int init() {
    if (!emulated_enter_in(FC_EMULATED_IN_NVML)) {
        return UNKNOWN;
    }
    emulated().nvml_users++;
    return SUCCESS;
}

int shutdown() {
    const bool sound = emulated_enter_in(FC_EMULATED_IN_NVML);
    if (emulated().nvml_users == 0) {
        emulated().misuses++;
        return UNINITIALIZED;
    }
    emulated().nvml_users--;
    return sound ? SUCCESS : UNKNOWN;
}

int device_at(const char *address, card **out) {
    const int refused = enter(nullptr);
    if (refused != SUCCESS) {
        return refused;
    }
    for (int i = 0; i < emulated().devices; i++) {
        char own[32];
        emulated_bus_address(own, sizeof own, i);
        if (strcmp(own, address) == 0) {
            cards[i].index = i;
            *out = &cards[i];
            return SUCCESS;
        }
    }
    return NOT_FOUND;
}

int answer(const void *device, unsigned *out, unsigned value) {
    const int refused = enter(device);
    if (refused == SUCCESS) {
        *out = value;
    }
    return refused;
}

int driver_version(char *out, unsigned size) {
    const int refused = enter(nullptr);
    if (refused == SUCCESS) {
        (void)snprintf(out, size, "emulated");
    }
    return refused;
}

int clock_mhz(const card *device, int which, unsigned *out) {
    return which == 1 || which == 2 ? answer(device, out, which == 1 ? 2 : 3) : static_cast<int>(INVALID_ARGUMENT);
}
int max_clock_mhz(const card *device, int which, unsigned *out) {
    return which == 1 || which == 2 ? answer(device, out, which == 1 ? 4 : 5) : static_cast<int>(INVALID_ARGUMENT);
}
int power_mw(const card *device, unsigned *out) { return answer(device, out, 1500); }
int power_limit_mw(const card *device, unsigned *out) { return answer(device, out, 2500); }
int temperature_c(const card *device, int sensor, unsigned *out) {
    return sensor == 0 ? answer(device, out, 7) : static_cast<int>(INVALID_ARGUMENT);
}

int slowdowns(const card *device, unsigned long long *out) {
    const int refused = enter(device);
    emulated_state &state = emulated();
    if (refused != SUCCESS) {
        return refused;
    }
    *out = state.throttled_times > 0 ? state.throttle_reasons : 0;
    state.throttled_times -= state.throttled_times > 0 && state.throttled_times != UINT32_MAX ? 1U : 0U;
    return SUCCESS;
}

} // namespace

const emulated_symbol *emulated_nvml(size_t *out_count) {
    static const emulated_symbol symbols[] = {
        {"nvmlInit_v2", reinterpret_cast<void *>(init)},
        {"nvmlShutdown", reinterpret_cast<void *>(shutdown)},
        {"nvmlDeviceGetHandleByPciBusId_v2", reinterpret_cast<void *>(device_at)},
        {"nvmlSystemGetDriverVersion", reinterpret_cast<void *>(driver_version)},
        {"nvmlDeviceGetClockInfo", reinterpret_cast<void *>(clock_mhz)},
        {"nvmlDeviceGetMaxClockInfo", reinterpret_cast<void *>(max_clock_mhz)},
        {"nvmlDeviceGetPowerUsage", reinterpret_cast<void *>(power_mw)},
        {"nvmlDeviceGetEnforcedPowerLimit", reinterpret_cast<void *>(power_limit_mw)},
        {"nvmlDeviceGetTemperature", reinterpret_cast<void *>(temperature_c)},
        /* The older name alone: what asks for the newer one first has to look again. */
        {"nvmlDeviceGetCurrentClocksThrottleReasons", reinterpret_cast<void *>(slowdowns)},
    };
    *out_count = sizeof symbols / sizeof symbols[0];
    return symbols;
}
