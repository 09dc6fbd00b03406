/* report.h: what a person reads of measured collectives. */
#ifndef FLOPCAST_MPI_REPORT_H
#define FLOPCAST_MPI_REPORT_H

#include "../bench/collectives.h"
#include "../host/base/text.h"

#include <stdbool.h>

typedef struct fc_mpi_report {
    const fc_collectives_report *measured;
    const fc_calibration *calibration; /* what was written */
    const char *path;
    bool has_base;
    uint32_t processors_count; /* of the host of rank 0 */
    uint32_t replaced_count;   /* older samples that gave way */
    int width;
    bool markdown;
} fc_mpi_report;

fc_status fc_mpi_report_write(fc_text *out, const fc_mpi_report *what, fc_error *error);

#endif
