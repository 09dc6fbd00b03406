/* step_groups.h: which tiers of the network a group of ranks spans. */
#ifndef FLOPCAST_HOST_STAGES_STEP_GROUPS_H
#define FLOPCAST_HOST_STAGES_STEP_GROUPS_H

#include "flopcast/cluster.h"
#include "flopcast/hd/collective.h"

/* The group of `size` ranks that lie `stride` chips apart (ranks are placed TP innermost, then CP, DP, PP). `used_count`
 * chips of the cluster work: the others may stay idle so that groups end where domains end. Whole numbers from 1. */
fc_hd_net fc_step_group(const fc_cluster *cluster, double used_count, double size, double stride);

#endif
