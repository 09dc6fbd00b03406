/* memory_device.h: the devices that one chip is seen as. */
#ifndef FLOPCAST_HOST_STAGES_MEMORY_DEVICE_H
#define FLOPCAST_HOST_STAGES_MEMORY_DEVICE_H

#include "flopcast/cluster.h"
#include "shard.h"
#include "flopcast/plan.h"

/* A plan counts chips. A chip of several devices, each with its part of the memory (Trainium2: 4 of 24 GiB), splits
 * tensors over them like that many more tensor ranks; what tensor parallelism leaves whole lies in each part. */
static inline fc_plan fc_memory_device(const fc_plan *plan, const fc_cluster *cluster) {
    fc_plan device = *plan;
    device.etp = (uint32_t)fc_shard_expert_tensor(plan) * cluster->chip.devices_per_chip;
    device.tp *= cluster->chip.devices_per_chip;
    return device;
}

#endif
