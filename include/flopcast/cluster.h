/* cluster.h: how many chips of one kind, joined by which tiers of network.
 *
 * A tier is a ring around all smaller ones: tier 0 the scale-up domain, then rail or leaf, pod, site, between sites.
 * A group of ranks that does not fit into a tier pays the next one.
 */
#ifndef FLOPCAST_CLUSTER_H
#define FLOPCAST_CLUSTER_H

#include "base.h"
#include "chip.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_TIERS 6
#define FC_MAX_PARTS 8

typedef struct fc_tier {
    char name[FC_NAME_SIZE];
    double chips_count; /* chips inside one instance of the tier */
    double bytes_per_s; /* one way, per chip, leaving through this tier; after oversubscription */
    double eff_frac;    /* of bytes_per_s, large messages */
    double latency_s;   /* one step */
    uint32_t topology;  /* fc_topology */
    double half_bytes;  /* b bytes of a chip's part of a collective go at b/(b + half) of the rate; 0: at all of it */
    double link_bytes_per_s; /* torus, mesh: the slowest link to one neighbour, one way; 0: not known */
    double torus_side;       /* torus: chips along the longest ring */
    uint8_t in_network_reduction;
} fc_tier;

/* What fails. Whoever adds a class adds it to hd/run_job.h too. */
typedef enum fc_failure_class {
    FC_FAILURE_CHIP = 0, /* a chip, its memory, its sensors: the host is taken out */
    FC_FAILURE_HOST,     /* processor, power, board: the host is taken out */
    FC_FAILURE_NETWORK,  /* a card, cable or switch: one replica loses its ranks */
    FC_FAILURE_STORAGE,
    FC_FAILURE_SOFTWARE,
    FC_FAILURE_CLASS_COUNT
} fc_failure_class;

typedef struct fc_failures {
    double per_chip_h[FC_FAILURE_CLASS_COUNT]; /* stops of a job, per chip and hour; all 0: chip.failures_per_chip_h */
    double shape[FC_FAILURE_CLASS_COUNT];      /* Weibull, of the time between the job's stops; 0 or 1: exponential */
    double part[FC_FAILURE_CLASS_COUNT];       /* of chip.failures_per_chip_h where no rate is stated; all 0: unknown */
} fc_failures;

typedef struct fc_cluster {
    char name[FC_NAME_SIZE];
    fc_chip chip;
    double chips_count;
    double sites_count;   /* equal parts without a fast network between them; 1 or more */
    uint32_t tiers_count; /* 0: made from the chip by fc_cluster_check */
    fc_tier tiers[FC_MAX_TIERS];
    uint8_t tiers_from_chip;    /* set when fc_cluster_check made them */
    double storage_bytes_per_s; /* checkpoint bandwidth of the whole cluster */
    double pue;                 /* facility power / IT power */
    double restart_s;           /* from a failure to the next step: detection, replacement, loading */
    double planned_stop_frac;   /* share of time for maintenance and planned restarts */
    fc_failures failures;       /* by class */
    double detect_s;            /* until a failure is seen, before restart_s */
    double restart_s_per_kchip; /* more of restart_s for each thousand chips of the job */
    double slow_chips_frac;     /* share of time lost to slow chips until they are found */
} fc_cluster;

/* Chips of several kinds under one agreement; each part is a cluster of its own. */
typedef struct fc_fleet {
    char name[FC_NAME_SIZE];
    uint32_t parts_count;
    fc_cluster parts[FC_MAX_PARTS];
} fc_fleet;

fc_cluster fc_cluster_default(void);
/* Builds the tiers from the chip where none are given; refuses 0 chips, tiers that shrink, unknown bandwidth. */
fc_status fc_cluster_check(fc_cluster *cluster, fc_error *error);

/* Copies the chip's network facts into tiers that were made from it: after a draw has changed the chip. */
void fc_cluster_refresh(fc_cluster *cluster);

#ifdef __cplusplus
}
#endif
#endif
