/* calibration_state.c: what the driver told before, during and after a measurement. */
#include "calibration_state.h"

#include "calibration_values.h"

#define MOMENTS 3

static const fc_record_row state_rows[] = {
    FC_ROW_F64(fc_device_state, clock_hz, "clock_hz", 0.0, 1e12, false),
    FC_ROW_F64(fc_device_state, memory_clock_hz, "memory_clock_hz", 0.0, 1e12, false),
    FC_ROW_F64(fc_device_state, power_w, "power_w", 0.0, 1e6, false),
    FC_ROW_F64(fc_device_state, temperature_c, "temperature_c", 0.0, 1e3, false),
};
enum { STATE_ROWS = sizeof state_rows / sizeof state_rows[0] };

static const char *const moments[MOMENTS] = {"before", "during", "after"};

static const char *slowdown_name(uint32_t index) { return fc_slowdown_name((fc_slowdown)index); }

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void write_known(fc_json_out *json, const char *key, double value) {
    if (value > 0.0) {
        fc_json_out_number(json, key, value);
    }
}

void fc_calibration_write_slowdowns(fc_json_out *json, uint32_t slowdowns) {
    if (slowdowns == 0) {
        return;
    }
    fc_json_out_list(json, "slowdowns");
    for (uint32_t i = 0; i < FC_SLOWDOWN_COUNT; i++) {
        if ((slowdowns & (1U << i)) != 0) {
            fc_json_out_text(json, NULL, slowdown_name(i));
        }
    }
    fc_json_out_end_list(json);
}

void fc_calibration_write_states(fc_json_out *json, const fc_calibration *calibration) {
    write_known(json, "max_memory_clock_hz", calibration->device.max_memory_clock_hz);
    write_known(json, "power_limit_w", calibration->device.power_limit_w);
    const fc_device_state *states[MOMENTS] = {&calibration->before, &calibration->during, &calibration->after};
    for (size_t i = 0; i < MOMENTS; i++) {
        if (!states[i]->told) {
            continue;
        }
        fc_json_out_object(json, moments[i]);
        write_known(json, "clock_hz", states[i]->clock_hz);
        write_known(json, "memory_clock_hz", states[i]->memory_clock_hz);
        write_known(json, "power_w", states[i]->power_w);
        write_known(json, "temperature_c", states[i]->temperature_c);
        fc_calibration_write_slowdowns(json, states[i]->slowdowns);
        fc_json_out_end_object(json);
    }
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

fc_status fc_calibration_read_slowdowns(uint32_t *out, const fc_node *map, fc_error *error) {
    const fc_node *list = fc_node_get(map, "slowdowns");
    *out = 0;
    if (list == NULL || list->kind == FC_NODE_NULL) {
        return FC_OK;
    }
    if (list->kind != FC_NODE_LIST) {
        return fc_record_refuse(list, "a list of names such as thermal", error);
    }
    for (const fc_node *node = list->first; node != NULL; node = node->next) {
        uint32_t slowdown = 0;
        FC_TRY(fc_record_which(&slowdown, node, "a slowdown", slowdown_name, FC_SLOWDOWN_COUNT, error));
        *out |= 1U << slowdown;
    }
    return FC_OK;
}

fc_status fc_calibration_read_states(fc_calibration *out, const fc_node *device, fc_error *error) {
    fc_device_state *states[MOMENTS] = {&out->before, &out->during, &out->after};
    for (size_t i = 0; i < MOMENTS; i++) {
        const fc_node *node = fc_node_get(device, moments[i]);
        if (node == NULL || node->kind == FC_NODE_NULL) {
            continue;
        }
        FC_TRY(fc_record_read(states[i], state_rows, STATE_ROWS, node, error));
        FC_TRY(fc_calibration_read_slowdowns(&states[i]->slowdowns, node, error));
        states[i]->told = 1;
    }
    return FC_OK;
}
