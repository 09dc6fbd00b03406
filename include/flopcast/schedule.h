/* schedule.h: a pipeline's step played event by event: who does what, when, and who waits.
 *
 * The closed form of hd/schedule.h answers the same question in nanoseconds and is what a search asks; this is what a
 * trace shows and what the closed form is tested against. It knows the order of each rank's work, that work begins when
 * the rank is free and its input is there, and nothing else.
 */
#ifndef FLOPCAST_SCHEDULE_H
#define FLOPCAST_SCHEDULE_H

#include "base.h"
#include "hd/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most events of one timeline. A step of 64 stages, 8 chunks and 1024 micro-batches has about 2 million. */
#define FC_SCHEDULE_MOST_EVENTS 4000000

typedef enum fc_event_kind {
    FC_EVENT_FORWARD = 0,
    FC_EVENT_BACKWARD, /* both gradients together */
    FC_EVENT_INPUT,    /* the gradient of the input alone */
    FC_EVENT_WEIGHT,   /* the gradients of the weights, put off */
    FC_EVENT_SEND,     /* from this stage to the one that needs the result */
    FC_EVENT_KIND_COUNT
} fc_event_kind;

/* One event. A forward and a backward that DualPipe does together have the same start and end. */
typedef struct fc_schedule_event {
    int32_t stage; /* rank, from 0 */
    uint32_t kind; /* fc_event_kind */
    int32_t micro_batch;
    int32_t chunk; /* of the rank's layers; under DualPipe the direction: 0 from the first rank on, 1 from the last */
    double start_s;
    double end_s;
} fc_schedule_event;

typedef struct fc_schedule_timeline {
    fc_schedule_event *events; /* those of one stage in order of time; a send follows its work */
    size_t events_count;
    double total_s;    /* until the last stage is done, the last send included */
    double busiest_s;  /* of the stage that computes longest, sends left out */
    int32_t in_flight; /* most micro-batches whose activations one rank holds at once, a chunk counting as one */
} fc_schedule_timeline;

/* Plays one step. Seconds are at least 0 and finite. The events belong to `arena`, which is also used as scratch. FC_BAD_INPUT names a value and its range, FC_OVER_LIMIT more than
 * FC_SCHEDULE_MOST_EVENTS, FC_FAILED no memory. */
fc_status fc_schedule_play(fc_schedule_timeline *out, fc_schedule schedule, const fc_hd_pipeline *pipeline,
                           fc_arena *arena, fc_error *error);

/* "gpipe", "1f1b", "interleaved", "zero-bubble", "dualpipe". Never NULL below FC_SCHEDULE_COUNT. */
const char *fc_schedule_name(fc_schedule schedule);

#ifdef __cplusplus
}
#endif
#endif
