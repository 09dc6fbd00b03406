/* state.c: what a driver tells of its device: clocks, power, temperature, and why it runs slower than it can. */
#include "flopcast/calibration.h"

const char *fc_slowdown_name(fc_slowdown slowdown) {
    static const char *const names[FC_SLOWDOWN_COUNT] = {"idle",       "clock-setting", "power-cap",
                                                         "hardware",   "sync-boost",    "thermal",
                                                         "hw-thermal", "power-brake",   "display-clock"};
    return slowdown < FC_SLOWDOWN_COUNT ? names[slowdown] : NULL;
}

static double lower(double a, double b) { return a > 0.0 && (a < b || !(b > 0.0)) ? a : b; }
static double higher(double a, double b) { return a > b ? a : b; }

void fc_device_state_add(fc_device_state *sum, const fc_device_state *one) {
    if (!one->told) {
        return;
    }
    sum->told = 1;
    sum->slowdowns |= one->slowdowns;
    sum->clock_hz = lower(sum->clock_hz, one->clock_hz);
    sum->memory_clock_hz = lower(sum->memory_clock_hz, one->memory_clock_hz);
    sum->power_w = higher(sum->power_w, one->power_w);
    sum->temperature_c = higher(sum->temperature_c, one->temperature_c);
}
