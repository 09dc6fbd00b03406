/* sweep_mark.c: what tells the rows of one sweep from those of another: beside the study, its axes. */
#include "sweep_axes.h"

#include "mark.h"

#include <string.h>

fc_status fc_sweep_make_mark(fc_sweep *sweep, const fc_config *config, fc_error *error) {
    fc_text text = fc_text_start(config->arena);
    for (uint32_t i = 0; i < sweep->axes_count; i++) {
        const fc_sweep_axis *axis = &sweep->axes[i];
        fc_text_addf(&text, "%u %s:", axis->group, axis->key);
        for (uint64_t j = 0; j < axis->count; j++) {
            fc_text_addf(&text, " %s,", axis->values[j].set);
        }
        fc_text_add(&text, "\n");
        for (uint64_t j = 0; strcmp(axis->key, "model") == 0 && j < axis->count; j++) {
            FC_TRY(fc_mark_add_model_file(&text, axis->values[j].shown, error));
        }
    }
    fc_text_add(&text, sweep->ranges ? "ranges" : "middle");
    if (text.failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the mark of the sweep");
    }
    return fc_mark_make(sweep->mark, sweep->config.tree, text.bytes, config, error);
}
