/* write_domain.c: how far an answer lies from what was measured, as words and as JSON. */
#include "write_domain.h"

#include <math.h> /* fabs */
#include <stddef.h>
#include <stdio.h> /* snprintf */

const fc_spread *fc_domain_spread(const fc_study *study) {
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        if (study->spreads[i].offset == offsetof(fc_study, step_time_factor)) {
            return &study->spreads[i];
        }
    }
    return NULL;
}

const char *fc_domain_say_axes(char *out, size_t out_size, const fc_domain *domain) {
    const double least_told = 0.05;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < FC_DOMAIN_AXIS_COUNT; ++i) {
        if (domain->axis_distance[i] >= least_told) {
            int wrote = snprintf(out + used, out_size - used, "%s%s %.1f", used > 0 ? ", " : "",
                                 fc_domain_axis_name((fc_domain_axis)i), domain->axis_distance[i]);
            used += wrote > 0 && (size_t)wrote < out_size - used ? (size_t)wrote : 0;
        }
    }
    return out;
}

void fc_domain_say_nearest(fc_text *text, const fc_study *study) {
    char axes[FC_TEXT_SIZE];
    const fc_domain *domain = &study->domain;
    const fc_spread *spread = fc_domain_spread(study);
    if (!domain->placed) {
        return;
    }
    (void)fc_domain_say_axes(axes, sizeof axes, domain);
    fc_text_addf(text, "Nearest measured run: %s, predicted %.0f %% too %s; distance %.1f%s%s.", domain->nearest,
                 100.0 * fabs(domain->nearest_error_frac), domain->nearest_error_frac < 0 ? "fast" : "slow",
                 domain->distance, axes[0] != '\0' ? ": " : "", axes);
    if (spread != NULL && !domain->error_stated) {
        fc_text_addf(text, " There a step may take %.2g to %.2g times what the model says.", spread->low, spread->high);
    }
    fc_text_add(text, "\n");
}

void fc_domain_write_nearest(fc_json_out *out, const fc_study *study) {
    const fc_domain *domain = &study->domain;
    const fc_spread *spread = fc_domain_spread(study);
    if (!domain->placed) {
        fc_json_out_null(out, "nearest_run");
        return;
    }
    fc_json_out_object(out, "nearest_run");
    fc_json_out_text(out, "name", domain->nearest);
    fc_json_out_count(out, "runs_count", domain->nearest_runs_count);
    fc_json_out_number(out, "error_frac", domain->nearest_error_frac);
    fc_json_out_number(out, "distance", domain->distance);
    fc_json_out_list(out, "axes");
    for (int i = 0; i < FC_DOMAIN_AXIS_COUNT; ++i) {
        fc_json_out_object(out, NULL);
        fc_json_out_text(out, "name", fc_domain_axis_name((fc_domain_axis)i));
        fc_json_out_number(out, "distance", domain->axis_distance[i]);
        fc_json_out_end_object(out);
    }
    fc_json_out_end_list(out);
    fc_json_out_end_object(out);
    if (spread != NULL && !domain->error_stated) {
        fc_json_out_range(out, "step_time_factor", (fc_range){spread->low, spread->mid, spread->high});
    }
}
