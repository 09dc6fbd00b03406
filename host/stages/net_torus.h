/* net_torus.h: what a group of chips has of a torus. */
#ifndef FLOPCAST_HOST_STAGES_NET_TORUS_H
#define FLOPCAST_HOST_STAGES_NET_TORUS_H

#include "flopcast/cluster.h"

#include <stdbool.h>

/* One way and per chip, before software. */
typedef struct fc_net_block {
    double gather_bytes_per_s;    /* all links of the rings that the group covers */
    double bisection_bytes_per_s; /* all a chip holds, over the time of an all-to-all */
    double send_bytes_per_s;      /* to the next member */
    double hops;                  /* steps of a gather, ring by ring, both ways around */
} fc_net_block;

/* Whether the tier says enough of its links to be taken as a torus. */
bool fc_net_is_torus(const fc_tier *tier);

/* A group of `size` chips of which `stride` - 1 others lie between neighbours, in a torus of `chips_count`. Each group is
 * laid as suits it: along whole rings, or as a block that is as cubic as can be. Whole numbers from 1. */
fc_net_block fc_net_torus_block(const fc_tier *tier, double chips_count, double size, double stride);

#endif
