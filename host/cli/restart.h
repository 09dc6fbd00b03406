/* restart.h: the same program with the same arguments, in an environment that libraries read while they load. */
#ifndef FLOPCAST_HOST_CLI_RESTART_H
#define FLOPCAST_HOST_CLI_RESTART_H

#include "cmd.h"
#include "flopcast/base.h"

/* Sets the variable and starts again in this process. Returns only when that cannot be done; the variable is then unset
 * again and nothing has changed. Does nothing when the variable is set already, so that no program restarts twice. */
void fc_restart_with(fc_arena *arena, const char *name, const char *value);

/* OpenBLAS reads its variable while it loads: where it chose kernels far below this processor, starts again with better
 * ones and says so. Returns where its choice is sound or nothing can be done. */
void fc_restart_with_better_kernels(const fc_context *context);

#endif
