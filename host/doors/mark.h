/* mark.h: what tells the results of one question from those of another: "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3", the program's
 * version, then hashes of the study with its calibration, of what is asked of it, and of the data folder. FNV-1a finds what
 * was changed by accident or in passing; nobody is to be kept from forging results.
 */
#ifndef FLOPCAST_HOST_DOORS_MARK_H
#define FLOPCAST_HOST_DOORS_MARK_H

#include "../base/text.h"
#include "config.h"

#define FC_MARK_SIZE 64

/* `tree`: the study after --set; `question`: in words of the caller's own. The key `sweep` does not count. */
fc_status fc_mark_make(char out[FC_MARK_SIZE], const fc_node *tree, const char *question, const fc_config *config,
                       fc_error *error);
/* A line for a config.json that a model is read from; nothing where `value` is no path. */
fc_status fc_mark_add_model_file(fc_text *out, const char *value, fc_error *error);

typedef enum fc_mark_verdict {
    FC_MARK_IS_NONE = 0, /* the other one is no mark */
    FC_MARK_SAME,
    FC_MARK_OTHER_VERSION,
    FC_MARK_OTHER_STUDY,
    FC_MARK_OTHER_QUESTION,
    FC_MARK_OTHER_DATA
} fc_mark_verdict;

/* How `other`, without an end of its own, differs from `mark`. */
fc_mark_verdict fc_mark_compare(const char *mark, const char *other, size_t other_size);

#endif
