/* kernel_experts.h: the kinds of kernels.c that mixtures of experts need: dispatch, combine, moe. */
#ifndef FLOPCAST_HOST_DEVICE_KERNEL_EXPERTS_H
#define FLOPCAST_HOST_DEVICE_KERNEL_EXPERTS_H

#include "flopcast/hd/kernel_exchange.h"
#include "flopcast/hd/kernel_moe.h"
#include "flopcast/kernels.h"

extern const char *const fc_kernel_exchange_names[FC_EXCHANGE_PARAMETER_COUNT];
extern const char *const fc_kernel_moe_names[FC_MOE_PARAMETER_COUNT];

double fc_kernel_experts_s(const fc_kernel_curve *curve, const double *dims);
void fc_kernel_experts_start(fc_kernel_curve *out, const fc_kernel_sheet *sheet);

#endif
