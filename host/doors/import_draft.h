/* import_draft.h: a study in the making: a tree whose values remember the foreign file and line they came from, and what
 * could not be taken over. Private to the importers of studies (import_study.h). */
#ifndef FLOPCAST_HOST_DOORS_IMPORT_DRAFT_H
#define FLOPCAST_HOST_DOORS_IMPORT_DRAFT_H

#include "../base/text.h"
#include "../base/tree.h"
#include "flopcast/base.h"

#include <stdbool.h>

/* Where something stood. source NULL: nowhere, it is our own. */
typedef struct fc_place {
    const char *source;
    int line;
    int column;
} fc_place;

/* Why something of the foreign file is not in the study, or something in the study is not of the file. */
typedef enum fc_remark_kind {
    FC_REMARK_UNKNOWN = 0, /* not understood */
    FC_REMARK_NO_PLACE,    /* understood; a study has nothing like it */
    FC_REMARK_ASSUMED,     /* the file does not say, the study needs it */
    FC_REMARK_IDLE,        /* takes no part in time or memory: paths, learning rate, logging */
    FC_REMARK_KIND_COUNT
} fc_remark_kind;

typedef struct fc_remark {
    fc_remark_kind kind;
    fc_place place;
    const char *text;
    struct fc_remark *next;
} fc_remark;

typedef struct fc_draft {
    fc_arena *arena;
    fc_node *tree; /* the study, a map */
    fc_remark *first_remark;
    fc_remark *last_remark;
    uint64_t least_chips; /* what the plan needs at the least, where the number of chips is not known; else 0 */
    bool failed;          /* no memory */
} fc_draft;

/* An empty study with its sections in the order in which they are read. */
fc_status fc_draft_start(fc_draft *out, fc_arena *arena, fc_error *error);

/* Sets a dotted path ("plan.tp"), making maps on the way. What is set already to something else is a contradiction:
 * FC_BAD_INPUT at `place`, with both values and both places. `text` and the place's source must outlive the draft. */
fc_status fc_draft_set(fc_draft *draft, fc_place place, const char *path, const char *text, fc_error *error);
fc_status fc_draft_set_count(fc_draft *draft, fc_place place, const char *path, uint64_t value, fc_error *error);
fc_status fc_draft_set_flag(fc_draft *draft, fc_place place, const char *path, bool value, fc_error *error);
/* A number with its unit, in the shortest exact spelling: fc_draft_set_number(…, "memory", 80, " GiB"). */
fc_status fc_draft_set_number(fc_draft *draft, fc_place place, const char *path, double value, const char *unit,
                              fc_error *error);
/* What a dotted path holds, or NULL. */
fc_node *fc_draft_get(const fc_draft *draft, const char *path);

void fc_draft_remark(fc_draft *draft, fc_remark_kind kind, fc_place place, const char *format, ...) FC_PRINTF(4, 5);
/* "run.sh:12: not understood: --foo bar", cleaned of control characters and on one line. */
const char *fc_remark_line(fc_arena *arena, const fc_remark *remark);

/* FC_BAD_INPUT at a place. */
fc_status fc_place_error(fc_error *error, fc_place place, const char *format, ...) FC_PRINTF(3, 4);

/* The study as YAML with its remarks as comments. */
void fc_draft_write(fc_text *out, const fc_draft *draft, const char *title);

#endif
