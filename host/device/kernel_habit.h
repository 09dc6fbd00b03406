/* kernel_habit.h: the habits of hd/kernel_habit.h, fitted to what a form leaves over. */
#ifndef FLOPCAST_HOST_DEVICE_KERNEL_HABIT_H
#define FLOPCAST_HOST_DEVICE_KERNEL_HABIT_H

#include "flopcast/kernels.h"

/* Fills curve->habits, all 0 before, from the rows that its parameters were fitted to. An error beyond `bend` counts by
 * its size, not its square. FC_FAILED without memory. */
fc_status fc_kernel_habits_fit(fc_kernel_curve *curve, const fc_kernel_row *const *rows, size_t count, double bend,
                               fc_arena *arena, fc_error *error);

#endif
