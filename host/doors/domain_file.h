/* domain_file.h: the measured runs that estimates measure their distance from (data/domain.csv), and what a study is
 * told of it. */
#ifndef FLOPCAST_HOST_DOORS_DOMAIN_FILE_H
#define FLOPCAST_HOST_DOORS_DOMAIN_FILE_H

#include "../base/text.h"
#include "config_nouns.h"
#include "flopcast/domain.h"

#include <stdbool.h>

#define FC_DOMAIN_MAX_POINTS 20000

typedef struct fc_domain_points {
    const fc_domain_point *points; /* in the arena */
    size_t count;
} fc_domain_points;

/* Reads domain.csv of the data folder; a folder without one has no points. FC_BAD_INPUT names the line of what is not
 * understood, FC_OVER_LIMIT more than FC_DOMAIN_MAX_POINTS. */
fc_status fc_domain_points_read(fc_domain_points *out, const fc_config *config, fc_error *error);

/* domain.csv of these points. */
void fc_domain_points_write(fc_text *text, const fc_domain_point *points, size_t count);

/* Places a study that is complete, and notes the range of its own error and the run it was taken from. */
fc_status fc_domain_tell(fc_study *study, fc_loading *loading, fc_error *error);

#endif
