/* search_measured.h: how much of a chip's peak published runs have reached. */
#ifndef FLOPCAST_HOST_CLI_SEARCH_MEASURED_H
#define FLOPCAST_HOST_CLI_SEARCH_MEASURED_H

#include "../doors/config.h"
#include "../doors/write_search.h"

/* The highest MFU among the runs of the project's own table on this chip; exact FLOP, causal, as everywhere. */
fc_status fc_search_measured_mfu(fc_measured_mfu *out, const fc_config *config, const char *chip, fc_error *error);

#endif
