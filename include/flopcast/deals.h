/* deals.h: deal against deal on the same work.
 *
 * Three views that are never mixed (docs/formulas.md, "Three views"): sheet (dense peak, added up), job (the largest
 * single synchronous job: one site, one chip type, one fabric) and programme (useful FLOP a month after the share that
 * trains, MFU and goodput).
 */
#ifndef FLOPCAST_DEALS_H
#define FLOPCAST_DEALS_H

#include "base.h"
#include "results.h"
#include "study.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_DEALS 8
#define FC_MAX_CELLS 24

/* One kind of chip of a deal: a study whose model and workload are replaced cell by cell. */
typedef struct fc_deal_part {
    fc_study study;
} fc_deal_part;

typedef struct fc_side {
    char name[FC_NAME_SIZE];
    uint32_t parts_count;
    fc_study *parts; /* in the arena; each part's deal carries price, share, MFU belief */
    double facility_power_w; /* disclosed for the whole site; 0: from the chips */
} fc_side;

/* One cell of the grid of work. */
typedef struct fc_cell {
    char name[FC_NAME_SIZE];
    fc_model model;
    fc_workload workload;
} fc_cell;

typedef struct fc_comparison {
    char name[FC_NAME_SIZE];
    uint32_t sides_count;
    fc_side sides[FC_MAX_DEALS];
    uint32_t cells_count;
    fc_cell *cells; /* in the arena; the first is the headline */
    uint64_t seed;
    uint32_t draws_count;
} fc_comparison;

#ifdef __cplusplus
}
#endif
#endif
