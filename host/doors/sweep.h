/* sweep.h: the key `sweep` of a study: which values its keys are to take, and the points that follow.
 *
 *     sweep:
 *       - model: [llama3-8b, llama3-70b]
 *       - {cluster.chip: [h100-sxm, h200], deal.usd_per_chip_h: [2.2, 3.1], zip: true}
 *       - cluster.chips: {from: 256, to: 4096, steps: 5, scale: log, multiple_of: 8}
 *
 * A list of groups, or one group alone. An axis is a key as --set has it, with a list of values or with two ends. With zip the
 * axes of a group go together; otherwise every value meets every other one. The last axis changes fastest.
 */
#ifndef FLOPCAST_HOST_DOORS_SWEEP_H
#define FLOPCAST_HOST_DOORS_SWEEP_H

#include "../base/text.h"
#include "../chain/sweep.h"
#include "config.h"
#include "mark.h"

#define FC_SWEEP_MOST_AXES 32
#define FC_SWEEP_MOST_VALUES 100000
#define FC_SWEEP_MOST_ROWS 1000000000U

typedef struct fc_sweep_value {
    const char *set;   /* as fc_tree_set takes it */
    const char *shown; /* in rows: on one line, as written */
    bool number;       /* reads as a number of JSON */
} fc_sweep_value;

typedef struct fc_sweep_axis {
    const char *key;
    const fc_sweep_value *values;
    uint64_t count;
    uint32_t group; /* axes of one group go together */
} fc_sweep_axis;

typedef struct fc_sweep {
    fc_sweep_axis axes[FC_SWEEP_MOST_AXES];
    uint32_t axes_count;
    uint64_t group_rows[FC_SWEEP_MOST_AXES];
    uint32_t groups_count;
    uint64_t rows_count;
    fc_config config; /* of one point: its tree is the study after --set */
    const char *name; /* of the study, as it was asked for */
    /* "0.1.0-1a2b3c4d-5e6f7081-90a1b2c3": the program's version, then hashes of study and calibration, of axes, of the data
     * folder. Rows of one mark belong together. */
    char mark[FC_MARK_SIZE];
    bool ranges;
} fc_sweep;

/* Reads the study, its axes or those of the file `axes_path` (NULL: none), and composes the mark. FC_BAD_INPUT says where the
 * axes are wrong. The study itself is checked point by point. */
fc_status fc_sweep_read(fc_sweep *out, const fc_config *config, const char *name, const char *axes_path, bool ranges,
                        fc_error *error);

/* The value of an axis at a row. */
const fc_sweep_value *fc_sweep_value_at(const fc_sweep *sweep, uint32_t axis, uint64_t row);

/* The study of a row, or why it is none: in *out_status and `why`. FC_FAILED in case of the machine's own failures. */
fc_status fc_sweep_point(fc_sweep_result *out, const fc_sweep *sweep, uint64_t row, fc_arena *arena, fc_error *error);

/* ---- the rows as text ------------------------------------------------------------------------------------------------ */

typedef enum fc_sweep_format { FC_SWEEP_CSV = 0, FC_SWEEP_JSONL } fc_sweep_format;

/* The heading of a CSV with its line end; of JSON Lines nothing. */
void fc_sweep_write_head(fc_text *out, const fc_sweep *sweep, fc_sweep_format format);
/* One line with its end. FC_FAILED when a number is not finite: a defect, never written. */
fc_status fc_sweep_write_row(fc_text *out, const fc_sweep *sweep, fc_sweep_format format, uint64_t row,
                             const fc_sweep_result *result, fc_error *error);
/* Whether `line` may be row `row` of this sweep, or, not `whole`, its beginning. FC_BAD_INPUT says what differs: version,
 * study, axes, data or the place. */
fc_status fc_sweep_judge_row(const fc_sweep *sweep, fc_sweep_format format, uint64_t row, const char *line, size_t size,
                             bool whole, const char *path, fc_error *error);

#endif
