#include "draws.h"

#include "../base/text.h"
#include "flopcast/hd/math.h"
#include "flopcast/hd/rng.h"

#include <string.h>

/* Beliefs are numbered from 1; spreads without one get streams above them, by the input's name: so what one input draws
 * depends neither on which others have a range nor on where a study keeps it. */
static const uint32_t FIRST_OWN_STREAM = 1u << 31;

void fc_draws_set(fc_study *study, const fc_spread *spread, double probability) {
    double value = fc_hd_split_normal(probability, spread->low, spread->mid, spread->high);
    value = fc_hd_clamp(value, spread->least, spread->most);
    memcpy((char *)study + spread->offset, &value, sizeof value);
}

void fc_draws_apply(fc_study *study, uint64_t seed, uint64_t trial, uint32_t stream_base) {
    for (uint32_t i = 0; i < study->spreads_count; ++i) {
        const fc_spread *spread = &study->spreads[i];
        uint32_t stream = spread->belief ? spread->belief : FIRST_OWN_STREAM | (fc_text_hash(spread->key) + stream_base);
        fc_draws_set(study, spread, fc_hd_uniform(seed, trial, stream));
    }
    fc_cluster_refresh(&study->cluster);
}
