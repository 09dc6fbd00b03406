/* write_domain.h: how far an answer lies from what was measured. */
#ifndef FLOPCAST_HOST_DOORS_WRITE_DOMAIN_H
#define FLOPCAST_HOST_DOORS_WRITE_DOMAIN_H

#include "../base/text.h"
#include "flopcast/domain.h"
#include "json_out.h"

/* The range of study->step_time_factor, or NULL where it has none. */
const fc_spread *fc_domain_spread(const fc_study *study);

/* "chips 0.4, stack 0.5": the axes that hold a distance apart, "" where none does. Returns `out`. */
const char *fc_domain_say_axes(char *out, size_t out_size, const fc_domain *domain);

/* One sentence or two: the nearest measured run, what it was off by, its distance, and what that makes of the model's
 * own error. Nothing where no run is known. */
void fc_domain_say_nearest(fc_text *text, const fc_study *study);

/* nearest_run{name runs_count error_frac distance axes[]} and step_time_factor{}; null where no run is known. */
void fc_domain_write_nearest(fc_json_out *out, const fc_study *study);

#endif
