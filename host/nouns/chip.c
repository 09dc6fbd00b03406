/* chip.c: a chip of which nothing is known, and what a sheet may say. */
#include "flopcast/chip.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

#define LIMIT(member, key_text, unit_id, high)                                                                         \
    { .key = (key_text), .offset = offsetof(fc_chip, member), .unit = (unit_id), .least = 0.0, .most = (high) }

static const fc_limit chip_limits[] = {
    LIMIT(memory_bytes, "memory", FC_UNIT_BYTES, 1e16),
    LIMIT(memory_bytes_per_s, "memory_bw", FC_UNIT_BYTES_PER_S, 1e18),
    LIMIT(l2_bytes, "l2", FC_UNIT_BYTES, 1e13),
    LIMIT(cores_count, "cores", FC_UNIT_COUNT, 1e7),
    LIMIT(clock_hz, "clock", FC_UNIT_HZ, 1e12),
    LIMIT(scaleup_bytes_per_s, "scaleup_bw", FC_UNIT_BYTES_PER_S, 1e16),
    LIMIT(scaleup_peer_bytes_per_s, "scaleup_peer_bw", FC_UNIT_BYTES_PER_S, 1e16),
    LIMIT(scaleout_bytes_per_s, "scaleout_bw", FC_UNIT_BYTES_PER_S, 1e16),
    LIMIT(tdp_w, "tdp", FC_UNIT_W, 1e6),
    LIMIT(server_w, "server_power", FC_UNIT_W, 1e6),
    LIMIT(it_power_w, "it_power", FC_UNIT_W, 1e6),
    LIMIT(attention_eff_frac, "attention_eff", FC_UNIT_FRAC, 1.0),
    LIMIT(memory_eff_frac, "memory_eff", FC_UNIT_FRAC, 1.0),
    /* Up to 2: adding up inside the switches halves what an all-reduce sends. */
    LIMIT(scaleup_eff_frac, "scaleup_eff", FC_UNIT_FRAC, 2.0),
    LIMIT(scaleout_eff_frac, "scaleout_eff", FC_UNIT_FRAC, 1.0),
    LIMIT(launch_s, "launch", FC_UNIT_S, 1.0),
    LIMIT(scaleup_latency_s, "scaleup_latency", FC_UNIT_S, 1.0),
    LIMIT(scaleout_latency_s, "scaleout_latency", FC_UNIT_S, 1.0),
    LIMIT(power_draw_frac, "power_draw", FC_UNIT_FRAC, 1.0),
    LIMIT(failures_per_chip_h, "failures", FC_UNIT_PER_H, 1.0),
    LIMIT(host_memory_bytes, "host_memory", FC_UNIT_BYTES, 1e16),
    LIMIT(host_link_bytes_per_s, "host_link_bw", FC_UNIT_BYTES_PER_S, 1e16),
    LIMIT(host_memory_bytes_per_s, "host_memory_bw", FC_UNIT_BYTES_PER_S, 1e16),
    LIMIT(host_eff_frac, "host_eff", FC_UNIT_FRAC, 1.0),
};

fc_chip fc_chip_default(void) {
    fc_chip chip;
    memset(&chip, 0, sizeof chip);
    chip.devices_per_chip = 1;
    chip.scaleup_domain_count = 1;
    return chip;
}

static fc_status check_matmul(const char *owner, const fc_chip *chip, uint32_t dtype, fc_error *error) {
    const fc_matmul_curve *curve = &chip->matmul[dtype];
    const struct {
        const char *stem;
        double value;
        double most;
        fc_unit unit;
    } rows[] = {
        {"peak", chip->peak_flop_per_s[dtype], 1e20, FC_UNIT_FLOP_PER_S},
        {"matmul_eff", curve->eff_frac, 1.0, FC_UNIT_FRAC},
        {"matmul_m_half", curve->m_half, 1e6, FC_UNIT_COUNT},
        {"matmul_n_half", curve->n_half, 1e6, FC_UNIT_COUNT},
        {"matmul_k_half", curve->k_half, 1e6, FC_UNIT_COUNT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[FC_NAME_SIZE];
        snprintf(key, sizeof key, "%s_%s", rows[i].stem, fc_dtype_name((fc_dtype)dtype));
        FC_TRY(fc_check_number(owner, key, rows[i].value, 0.0, rows[i].most, rows[i].unit, error));
    }
    return FC_OK;
}

static fc_status check_counts(const char *owner, const fc_chip *chip, fc_error *error) {
    FC_TRY(fc_check_whole(owner, "devices_per_chip", chip->devices_per_chip, 1, 64, error));
    FC_TRY(fc_check_whole(owner, "scaleup_domain", chip->scaleup_domain_count, 0, 1000000, error));
    FC_TRY(fc_check_whole(owner, "scaleup_topology", chip->scaleup_topology, 0, FC_TOPOLOGY_COUNT - 1, error));
    FC_TRY(fc_check_whole(owner, "pcie_generation", chip->pcie_generation, 0, 10, error));
    if (chip->scaleup_bytes_per_s > 0.0 && chip->scaleup_peer_bytes_per_s > chip->scaleup_bytes_per_s) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "%s.scaleup_peer_bw, %g bytes/s to one neighbour, is more than scaleup_bw, %g bytes/s over "
                            "all links; lower the first or raise the second (both one way)",
                            owner, chip->scaleup_peer_bytes_per_s, chip->scaleup_bytes_per_s);
    }
    return FC_OK;
}

fc_status fc_chip_check(const fc_chip *chip, fc_error *error) {
    const char *owner = "cluster.chip";
    FC_TRY(fc_check_text(owner, "name", chip->name, sizeof chip->name, error));
    FC_TRY(fc_check_text(owner, "vendor", chip->vendor, sizeof chip->vendor, error));
    FC_TRY(fc_check_text(owner, "family", chip->family, sizeof chip->family, error));
    FC_TRY(fc_check_limits(owner, chip, chip_limits, sizeof chip_limits / sizeof chip_limits[0], error));
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        FC_TRY(check_matmul(owner, chip, dtype, error));
    }
    return check_counts(owner, chip, error);
}
