/* cluster.c: how many chips, and the tiers of network between them. */
#include "flopcast/cluster.h"

#include "check.h"

#include <math.h> /* floor */
#include <stdio.h>
#include <string.h>

fc_cluster fc_cluster_default(void) {
    fc_cluster cluster;
    memset(&cluster, 0, sizeof cluster);
    cluster.chip = fc_chip_default();
    cluster.chips_count = 1.0;
    cluster.sites_count = 1.0;
    cluster.pue = 1.0;
    return cluster;
}

/* A job never leaves its site: this is the most that one network has to join. */
static double site_chips(const fc_cluster *cluster) { return floor(cluster->chips_count / cluster->sites_count); }

static double at_most(double value, double most) { return value < most ? value : most; }

static const char *chip_name(const fc_cluster *cluster) {
    return cluster->chip.name[0] != '\0' ? cluster->chip.name : "(unnamed)";
}

static fc_status check_numbers(const fc_cluster *cluster, fc_error *error) {
    static const fc_limit limits[] = {
        {"chips", offsetof(fc_cluster, chips_count), FC_UNIT_COUNT, 1.0, 1e9},
        {"sites", offsetof(fc_cluster, sites_count), FC_UNIT_COUNT, 1.0, 1e4},
        {"storage_bw", offsetof(fc_cluster, storage_bytes_per_s), FC_UNIT_BYTES_PER_S, 0.0, 1e18},
        {"pue", offsetof(fc_cluster, pue), FC_UNIT_NONE, 1.0, 5.0},
        {"restart", offsetof(fc_cluster, restart_s), FC_UNIT_S, 0.0, 1e7},
        {"planned_stop", offsetof(fc_cluster, planned_stop_frac), FC_UNIT_FRAC, 0.0, 0.99},
        {"detect", offsetof(fc_cluster, detect_s), FC_UNIT_S, 0.0, 1e6},
        {"restart_per_kchip", offsetof(fc_cluster, restart_s_per_kchip), FC_UNIT_S, 0.0, 1e6},
        {"slow_chips", offsetof(fc_cluster, slow_chips_frac), FC_UNIT_FRAC, 0.0, 0.99},
    };
    FC_TRY(fc_check_limits("cluster", cluster, limits, sizeof limits / sizeof limits[0], error));
    const double counts[] = {cluster->chips_count, cluster->sites_count};
    for (size_t i = 0; i < 2; i++) {
        if (floor(counts[i]) != counts[i]) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "cluster.%s is %g; allowed is a whole number from 1, for example 16384 or 1M",
                                limits[i].key, counts[i]);
        }
    }
    if (cluster->sites_count > cluster->chips_count) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "cluster.sites is %g for %g chips; each site needs a chip: lower sites or raise chips",
                            cluster->sites_count, cluster->chips_count);
    }
    return FC_OK;
}

static fc_status check_failures(const fc_failures *failures, fc_error *error) {
    static const char *const names[FC_FAILURE_CLASS_COUNT] = {"chip", "host", "network", "storage", "software"};
    for (int i = 0; i < FC_FAILURE_CLASS_COUNT; i++) {
        FC_TRY(fc_check_number("cluster.failures", names[i], failures->per_chip_h[i], 0.0, 1.0, FC_UNIT_PER_H, error));
        FC_TRY(fc_check_number("cluster.failures", "part", failures->part[i], 0.0, 1.0, FC_UNIT_FRAC, error));
        if (failures->shape[i] != 0.0 && !(failures->shape[i] >= 0.2 && failures->shape[i] <= 5.0)) {
            return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                "cluster.failures.%s_shape is %g; allowed is 0.2 to 5, 1 being exponential", names[i],
                                failures->shape[i]);
        }
    }
    return FC_OK;
}

static fc_tier make_tier(const char *name, double chips_count) {
    fc_tier tier;
    memset(&tier, 0, sizeof tier);
    snprintf(tier.name, sizeof tier.name, "%s", name);
    tier.chips_count = chips_count;
    tier.eff_frac = 1.0;
    return tier;
}

/* Where a job of this many chips meets a network of which the sheet says nothing, the fact to supply is named. */
static fc_status require_fact(const fc_cluster *cluster, double value, const char *key, fc_error *error) {
    if (value > 0.0) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "cluster.chip: %s has no %s, which %.15g chips need: set cluster.chip.%s or give cluster.tiers",
                        chip_name(cluster), key, site_chips(cluster), key);
}

static fc_status add_scaleup(fc_cluster *cluster, fc_error *error) {
    const fc_chip *chip = &cluster->chip;
    double site = site_chips(cluster);
    if (site > 1.0) {
        FC_TRY(require_fact(cluster, (double)chip->scaleup_domain_count, "scaleup_domain", error));
    }
    double domain = chip->scaleup_domain_count > 0 ? (double)chip->scaleup_domain_count : 1.0;
    fc_tier tier = make_tier("scale-up", at_most(domain, site));
    if (tier.chips_count > 1.0) {
        FC_TRY(require_fact(cluster, chip->scaleup_bytes_per_s, "scaleup_bw", error));
        FC_TRY(require_fact(cluster, chip->scaleup_eff_frac, "scaleup_eff", error));
    }
    tier.topology = chip->scaleup_topology;
    tier.torus_side = chip->scaleup_torus_side;
    cluster->tiers[cluster->tiers_count++] = tier;
    return FC_OK;
}

/* A 1:1 fat tree: every chip's share of the NICs reaches any other chip of the site. */
static fc_status add_scaleout(fc_cluster *cluster, fc_error *error) {
    const fc_chip *chip = &cluster->chip;
    FC_TRY(require_fact(cluster, chip->scaleout_bytes_per_s, "scaleout_bw", error));
    FC_TRY(require_fact(cluster, chip->scaleout_eff_frac, "scaleout_eff", error));
    fc_tier tier = make_tier("scale-out", site_chips(cluster));
    tier.topology = FC_TOPOLOGY_SWITCHED;
    cluster->tiers[cluster->tiers_count++] = tier;
    return FC_OK;
}

static fc_status build_tiers(fc_cluster *cluster, fc_error *error) {
    FC_TRY(add_scaleup(cluster, error));
    if (site_chips(cluster) > cluster->tiers[0].chips_count) {
        FC_TRY(add_scaleout(cluster, error));
    }
    if (cluster->sites_count > 1.0) {
        cluster->tiers[cluster->tiers_count++] = make_tier("sites", cluster->chips_count);
    }
    return FC_OK;
}

void fc_cluster_refresh(fc_cluster *cluster) {
    const fc_chip *chip = &cluster->chip;
    if (!cluster->tiers_from_chip) {
        return;
    }
    fc_tier *scaleup = &cluster->tiers[0];
    scaleup->bytes_per_s = chip->scaleup_bytes_per_s;
    scaleup->eff_frac = chip->scaleup_eff_frac > 0.0 ? chip->scaleup_eff_frac : 1.0;
    scaleup->latency_s = chip->scaleup_latency_s;
    scaleup->link_bytes_per_s = chip->scaleup_peer_bytes_per_s;
    if (site_chips(cluster) > scaleup->chips_count && cluster->tiers_count > 1) {
        fc_tier *scaleout = &cluster->tiers[1];
        scaleout->bytes_per_s = chip->scaleout_bytes_per_s;
        scaleout->eff_frac = chip->scaleout_eff_frac;
        scaleout->latency_s = chip->scaleout_latency_s;
    }
}

static fc_status check_tier(const fc_tier *tier, uint32_t index, fc_error *error) {
    static const fc_limit limits[] = {
        {"chips", offsetof(fc_tier, chips_count), FC_UNIT_COUNT, 1.0, 1e9},
        {"bw", offsetof(fc_tier, bytes_per_s), FC_UNIT_BYTES_PER_S, 0.0, 1e16},
        {"eff", offsetof(fc_tier, eff_frac), FC_UNIT_FRAC, 0.0, 2.0},
        {"latency", offsetof(fc_tier, latency_s), FC_UNIT_S, 0.0, 10.0},
        {"half", offsetof(fc_tier, half_bytes), FC_UNIT_BYTES, 0.0, 1e12},
        {"link_bw", offsetof(fc_tier, link_bytes_per_s), FC_UNIT_BYTES_PER_S, 0.0, 1e16},
        {"torus_side", offsetof(fc_tier, torus_side), FC_UNIT_COUNT, 0.0, 1e4},
    };
    FC_TRY(fc_check_text("cluster.tiers", "name", tier->name, sizeof tier->name, error));
    char owner[40];
    snprintf(owner, sizeof owner, "cluster.tiers.%u", (unsigned)index);
    FC_TRY(fc_check_limits(owner, tier, limits, sizeof limits / sizeof limits[0], error));
    FC_TRY(fc_check_whole(owner, "in_network_reduction", tier->in_network_reduction, 0, 1, error));
    return fc_check_whole(owner, "topology", tier->topology, 0, FC_TOPOLOGY_COUNT - 1, error);
}

/* `inside` chips are joined by the tiers below; a job that goes beyond them crosses this one. */
static fc_status check_crossing(const fc_cluster *cluster, uint32_t index, double inside, fc_error *error) {
    const fc_tier *tier = &cluster->tiers[index];
    if (tier->chips_count < inside) {
        return fc_error_set(
            error, FC_BAD_INPUT, NULL, 0, 0,
            "cluster.tiers.%u (%s) joins %.15g chips, fewer than the %.15g of the tier below it; list tiers "
            "from the smallest to the largest",
            (unsigned)index, tier->name, tier->chips_count, inside);
    }
    if (site_chips(cluster) <= inside || tier->chips_count <= inside) {
        return FC_OK;
    }
    if (tier->bytes_per_s > 0.0 && tier->eff_frac > 0.0) {
        return FC_OK;
    }
    bool slow = tier->bytes_per_s > 0.0;
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "cluster.tiers.%u (%s) has no %s, which %.15g chips need: set cluster.tiers.%u.%s",
                        (unsigned)index, tier->name, slow ? "eff" : "bw", site_chips(cluster), (unsigned)index,
                        slow ? "eff" : "bw");
}

static fc_status check_tiers(const fc_cluster *cluster, fc_error *error) {
    double inside = 1.0;
    for (uint32_t i = 0; i < cluster->tiers_count; i++) {
        FC_TRY(check_tier(&cluster->tiers[i], i, error));
        FC_TRY(check_crossing(cluster, i, inside, error));
        inside = cluster->tiers[i].chips_count;
    }
    if (inside >= site_chips(cluster)) {
        return FC_OK;
    }
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                        "cluster.tiers join %.15g chips, but a site has %.15g; add a tier with chips: %.15g, or state "
                        "more sites",
                        inside, site_chips(cluster), site_chips(cluster));
}

fc_status fc_cluster_check(fc_cluster *cluster, fc_error *error) {
    FC_TRY(fc_check_text("cluster", "name", cluster->name, sizeof cluster->name, error));
    FC_TRY(fc_chip_check(&cluster->chip, error));
    FC_TRY(check_numbers(cluster, error));
    FC_TRY(check_failures(&cluster->failures, error));
    FC_TRY(fc_check_whole("cluster", "tiers", cluster->tiers_count, 0, FC_MAX_TIERS, error));
    if (cluster->tiers_count == 0) {
        FC_TRY(build_tiers(cluster, error));
        cluster->tiers_from_chip = 1;
        fc_cluster_refresh(cluster);
    }
    return check_tiers(cluster, error);
}
