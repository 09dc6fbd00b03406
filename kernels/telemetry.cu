/* telemetry.cu: names, numbers and bits are those of NVIDIA's "NVML API Reference Guide" (release 550 and later). */
#include "telemetry.h"

#include <cstdio>
#include <cstring>

#include <dlfcn.h>

#define LIBRARY "libnvidia-ml.so.1"
#define CLOCK_SM 1     /* NVML_CLOCK_SM */
#define CLOCK_MEMORY 2 /* NVML_CLOCK_MEM */
#define SENSOR_CHIP 0  /* NVML_TEMPERATURE_GPU */

template <typename F> static bool find(F *out, void *library, const char *name) {
    *out = reinterpret_cast<F>(dlsym(library, name));
    return *out != NULL;
}

static void find_functions(cuda_telemetry *out) {
    (void)find(&out->driver_version, out->library, "nvmlSystemGetDriverVersion");
    (void)find(&out->clock_mhz, out->library, "nvmlDeviceGetClockInfo");
    (void)find(&out->max_clock_mhz, out->library, "nvmlDeviceGetMaxClockInfo");
    (void)find(&out->power_mw, out->library, "nvmlDeviceGetPowerUsage");
    (void)find(&out->power_limit_mw, out->library, "nvmlDeviceGetEnforcedPowerLimit");
    (void)find(&out->temperature_c, out->library, "nvmlDeviceGetTemperature");
    /* The newer name came with driver 535. */
    if (!find(&out->slowdowns, out->library, "nvmlDeviceGetCurrentClocksEventReasons")) {
        (void)find(&out->slowdowns, out->library, "nvmlDeviceGetCurrentClocksThrottleReasons");
    }
}

void fc_telemetry_open(cuda_telemetry *out, const char *bus_address) {
    memset(out, 0, sizeof *out);
    out->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (out->library == NULL) {
        return;
    }
    int (*init)(void) = NULL;
    int (*device_at)(const char *, fc_nvml_device *) = NULL;
    bool is_whole = find(&init, out->library, "nvmlInit_v2");
    is_whole = find(&out->shutdown, out->library, "nvmlShutdown") && is_whole;
    is_whole = find(&device_at, out->library, "nvmlDeviceGetHandleByPciBusId_v2") && is_whole;
    if (!is_whole || init() != 0) {
        out->shutdown = NULL; /* nothing was begun */
        fc_telemetry_close(out);
        return;
    }
    if (device_at(bus_address, &out->device) != 0) {
        out->device = NULL;
    }
    find_functions(out);
}

void fc_telemetry_close(cuda_telemetry *telemetry) {
    if (telemetry->shutdown != NULL) {
        (void)telemetry->shutdown();
    }
    if (telemetry->library != NULL) {
        (void)dlclose(telemetry->library);
    }
    memset(telemetry, 0, sizeof *telemetry);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

typedef int one_number(fc_nvml_device device, unsigned *out);
typedef int numbered(fc_nvml_device device, int which, unsigned *out);

/* 0 where it is not told. */
static double ask(one_number *function, const cuda_telemetry *telemetry, double unit) {
    unsigned value = 0;
    bool told = telemetry->device != NULL && function != NULL && function(telemetry->device, &value) == 0;
    return told ? unit * value : 0.0;
}

static double ask_which(numbered *function, const cuda_telemetry *telemetry, int which, double unit) {
    unsigned value = 0;
    bool told = telemetry->device != NULL && function != NULL && function(telemetry->device, which, &value) == 0;
    return told ? unit * value : 0.0;
}

/* nvmlClocksEventReasons (release 535; before, nvmlClocksThrottleReasons) to our bits. */
static uint32_t slowdowns_of(unsigned long long reasons) {
    static const struct {
        unsigned long long reason;
        fc_slowdown slowdown;
    } known[] = {{0x001, FC_SLOWDOWN_IDLE},
                 {0x002, FC_SLOWDOWN_CLOCK_SETTING},
                 {0x004, FC_SLOWDOWN_POWER_CAP},
                 {0x008, FC_SLOWDOWN_HARDWARE},
                 {0x010, FC_SLOWDOWN_SYNC_BOOST},
                 {0x020, FC_SLOWDOWN_THERMAL},
                 {0x040, FC_SLOWDOWN_HARDWARE_THERMAL},
                 {0x080, FC_SLOWDOWN_POWER_BRAKE},
                 {0x100, FC_SLOWDOWN_DISPLAY_CLOCK}};
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bits |= (reasons & known[i].reason) != 0 ? 1U << known[i].slowdown : 0U;
    }
    return bits;
}

void fc_telemetry_slowdowns(const cuda_telemetry *telemetry, fc_device_state *out) {
    unsigned long long reasons = 0;
    memset(out, 0, sizeof *out);
    if (telemetry->device != NULL && telemetry->slowdowns != NULL &&
        telemetry->slowdowns(telemetry->device, &reasons) == 0) {
        out->told = 1;
        out->slowdowns = slowdowns_of(reasons);
    }
}

void fc_telemetry_state(const cuda_telemetry *telemetry, fc_device_state *out) {
    fc_telemetry_slowdowns(telemetry, out);
    out->clock_hz = ask_which(telemetry->clock_mhz, telemetry, CLOCK_SM, 1e6);
    out->memory_clock_hz = ask_which(telemetry->clock_mhz, telemetry, CLOCK_MEMORY, 1e6);
    out->power_w = ask(telemetry->power_mw, telemetry, 1e-3);
    out->temperature_c = ask_which(telemetry->temperature_c, telemetry, SENSOR_CHIP, 1.0);
    bool any = out->clock_hz > 0.0 || out->memory_clock_hz > 0.0 || out->power_w > 0.0 || out->temperature_c > 0.0;
    out->told = out->told != 0 || any ? 1 : 0;
}

void fc_telemetry_describe(const cuda_telemetry *telemetry, fc_device_info *out) {
    fc_telemetry_state(telemetry, &out->now);
    out->max_memory_clock_hz = ask_which(telemetry->max_clock_mhz, telemetry, CLOCK_MEMORY, 1e6);
    out->power_limit_w = ask(telemetry->power_limit_mw, telemetry, 1e-3);
    double clock_hz = ask_which(telemetry->max_clock_mhz, telemetry, CLOCK_SM, 1e6);
    out->clock_hz = clock_hz > 0.0 ? clock_hz : out->clock_hz;
    char version[81] = ""; /* 80 is NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE */
    if (telemetry->device != NULL && telemetry->driver_version != NULL &&
        telemetry->driver_version(version, sizeof version - 1) == 0) {
        size_t used = strlen(out->driver);
        (void)snprintf(out->driver + used, sizeof out->driver - used, ", kernel driver %s", version);
    }
}
