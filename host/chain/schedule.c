/* schedule.c: a pipeline's step played event by event.
 *
 * Each rank takes its work in its order (schedule_order.c). Work begins when the rank is free and the result that it
 * needs has arrived; nothing here knows how long a pipeline should take.
 */
#include "flopcast/schedule.h"
#include "schedule_order.h"

#include <stdbool.h>

static const double NOT_YET = -1.0;

typedef struct play {
    const fc_hd_pipeline *pipe;
    fc_schedule schedule;
    int32_t lanes;        /* directions: 2 under DualPipe */
    int32_t places;       /* pieces of the model in a row: stages · chunks */
    fc_work *works;       /* of all ranks */
    size_t *first;        /* a rank's first work; one more at the end */
    size_t *next;         /* a rank's next work */
    double *free_s;       /* when a rank is free */
    double *busy_s;       /* what a rank has computed */
    double *forward_at_s; /* when a forward's result is where it is needed, by lane, place and micro-batch */
    double *input_at_s;   /* the same for gradients of the input */
    int32_t *held;        /* micro-batches a rank holds now */
    fc_schedule_timeline *out;
} play;

static size_t cell(const play *p, int32_t lane, int32_t place, int32_t batch) {
    size_t row = (size_t)lane * (size_t)p->places + (size_t)place;
    return row * (size_t)p->pipe->micro_batches + (size_t)batch;
}

/* Lane and place in the model of a chunk of a rank. */
static int32_t lane_of(const play *p, int32_t chunk) { return p->lanes > 1 ? chunk : 0; }

static int32_t place_of(const play *p, int32_t rank, int32_t chunk) {
    if (p->lanes > 1) {
        return chunk == 0 ? rank : p->pipe->stages - 1 - rank;
    }
    return chunk * p->pipe->stages + rank;
}

static fc_hd_pass pass_of(const play *p, int32_t place) {
    double share = 1.0 / (double)(p->places / p->pipe->stages);
    fc_hd_pass pass = {p->pipe->stage.forward_s * share, p->pipe->stage.input_s * share,
                       p->pipe->stage.weight_s * share};
    const fc_hd_pass *ends[2] = {&p->pipe->first, &p->pipe->last};
    bool here[2] = {place == 0, place == p->places - 1};
    for (int i = 0; i < 2; ++i) {
        if (here[i]) {
            pass.forward_s += ends[i]->forward_s;
            pass.input_s += ends[i]->input_s;
            pass.weight_s += ends[i]->weight_s;
        }
    }
    return pass;
}

static double seconds_of(const play *p, int32_t rank, const fc_work *work) {
    double forward_s = 0.0;
    double backward_s = 0.0;
    if (work->does & FC_DO_FORWARD) {
        forward_s = pass_of(p, place_of(p, rank, work->forward_chunk)).forward_s;
    }
    fc_hd_pass back = pass_of(p, place_of(p, rank, work->backward_chunk));
    backward_s += work->does & FC_DO_INPUT ? back.input_s : 0.0;
    backward_s += work->does & FC_DO_WEIGHT ? back.weight_s : 0.0;
    bool together = (work->does & FC_DO_FORWARD) != 0 && (work->does & FC_DO_INPUT) != 0;
    double frac = together && p->pipe->pair_frac > 0.0 ? p->pipe->pair_frac : 1.0;
    return frac * (forward_s + backward_s);
}

/* When all that `work` needs has arrived; NOT_YET when something has not been sent. */
static double ready_s(const play *p, int32_t rank, const fc_work *work) {
    double at_s = 0.0;
    if (work->does & FC_DO_FORWARD) {
        int32_t place = place_of(p, rank, work->forward_chunk);
        if (place > 0) {
            at_s = p->forward_at_s[cell(p, lane_of(p, work->forward_chunk), place - 1, work->forward_batch)];
        }
    }
    if (at_s >= 0.0 && (work->does & FC_DO_INPUT)) {
        int32_t place = place_of(p, rank, work->backward_chunk);
        int32_t lane = lane_of(p, work->backward_chunk);
        bool last = place == p->places - 1;
        double needs_s = last ? p->forward_at_s[cell(p, lane, place, work->backward_batch)]
                              : p->input_at_s[cell(p, lane, place + 1, work->backward_batch)];
        at_s = needs_s < 0.0 || needs_s > at_s ? needs_s : at_s;
    }
    return at_s;
}

static void note(play *p, int32_t rank, fc_event_kind kind, int32_t chunk, int32_t batch, double start_s,
                 double end_s) {
    p->out->events[p->out->events_count++] = (fc_schedule_event){rank, (uint32_t)kind, batch, chunk, start_s, end_s};
    if (end_s > p->out->total_s) {
        p->out->total_s = end_s;
    }
}

/* A result that was ready at `end_s` on its way to the neighbour. Returns when the sender is free again. */
static double send(play *p, int32_t rank, int32_t chunk, int32_t batch, double end_s, double *arrives_s) {
    *arrives_s = end_s + p->pipe->send_s;
    if (p->pipe->send_s > 0.0) {
        note(p, rank, FC_EVENT_SEND, chunk, batch, end_s, *arrives_s);
    }
    return end_s + p->pipe->blocked_frac * p->pipe->send_s;
}

static void count_held(play *p, int32_t rank, uint32_t does) {
    p->held[rank] += does & FC_DO_FORWARD ? 1 : 0;
    if (p->held[rank] > p->out->in_flight) {
        p->out->in_flight = p->held[rank];
    }
    p->held[rank] -= does & FC_DO_WEIGHT ? 1 : 0;
}

static void forward_done(play *p, int32_t rank, const fc_work *work, double start_s, double end_s) {
    int32_t place = place_of(p, rank, work->forward_chunk);
    double *at_s = &p->forward_at_s[cell(p, lane_of(p, work->forward_chunk), place, work->forward_batch)];
    note(p, rank, FC_EVENT_FORWARD, work->forward_chunk, work->forward_batch, start_s, end_s);
    *at_s = end_s;
    if (place < p->places - 1 && p->pipe->stages > 1) {
        p->free_s[rank] = send(p, rank, work->forward_chunk, work->forward_batch, end_s, at_s);
    }
}

static void backward_done(play *p, int32_t rank, const fc_work *work, double start_s, double end_s) {
    int32_t place = place_of(p, rank, work->backward_chunk);
    bool whole = (work->does & FC_DO_WEIGHT) != 0;
    double *at_s = &p->input_at_s[cell(p, lane_of(p, work->backward_chunk), place, work->backward_batch)];
    note(p, rank, whole ? FC_EVENT_BACKWARD : FC_EVENT_INPUT, work->backward_chunk, work->backward_batch, start_s,
         end_s);
    *at_s = end_s;
    if (place > 0 && p->pipe->stages > 1) {
        double free_s = send(p, rank, work->backward_chunk, work->backward_batch, end_s, at_s);
        p->free_s[rank] = free_s > p->free_s[rank] ? free_s : p->free_s[rank];
    }
}

static void do_work(play *p, int32_t rank, const fc_work *work, double at_s) {
    double start_s = at_s > p->free_s[rank] ? at_s : p->free_s[rank];
    double took_s = seconds_of(p, rank, work);
    double end_s = start_s + took_s;
    p->busy_s[rank] += took_s;
    p->free_s[rank] = end_s;
    count_held(p, rank, work->does);
    if (work->does & FC_DO_FORWARD) {
        forward_done(p, rank, work, start_s, end_s);
    }
    if (work->does & FC_DO_INPUT) {
        backward_done(p, rank, work, start_s, end_s);
    } else if (work->does & FC_DO_WEIGHT) {
        note(p, rank, FC_EVENT_WEIGHT, work->backward_chunk, work->backward_batch, start_s, end_s);
    }
}

/* Does what a rank can do now. Returns whether it did anything. */
static bool advance(play *p, int32_t rank) {
    bool moved = false;
    while (p->next[rank] < p->first[rank + 1]) {
        const fc_work *work = &p->works[p->next[rank]];
        double at_s = ready_s(p, rank, work);
        if (at_s < 0.0) {
            break;
        }
        do_work(p, rank, work, at_s);
        ++p->next[rank];
        moved = true;
    }
    return moved;
}

static fc_status play_all(play *p, fc_error *error) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (int32_t rank = 0; rank < p->pipe->stages; ++rank) {
            moved = advance(p, rank) || moved;
        }
    }
    for (int32_t rank = 0; rank < p->pipe->stages; ++rank) {
        if (p->next[rank] < p->first[rank + 1]) {
            return fc_error_set(error, FC_FAILED, NULL, 0, 0, "the %s schedule waits for itself at stage %d",
                                fc_schedule_name(p->schedule), rank);
        }
        p->out->busiest_s = p->busy_s[rank] > p->out->busiest_s ? p->busy_s[rank] : p->out->busiest_s;
    }
    return FC_OK;
}

/* ---- before the play --------------------------------------------------------------------------------------------- */

static fc_status refuse_count(fc_error *error, const char *name, int32_t value, const char *allowed) {
    return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "pipeline.%s is %d; allowed: %s", name, value, allowed);
}

static fc_status check_counts(fc_schedule schedule, const fc_hd_pipeline *pipe, fc_error *error) {
    bool dual = schedule == FC_SCHEDULE_DUALPIPE;
    if ((int)schedule < 0 || schedule >= FC_SCHEDULE_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "schedule is %d; allowed: 0 to %d", (int)schedule,
                            FC_SCHEDULE_COUNT - 1);
    }
    if (pipe->stages < 1 || (dual && pipe->stages % 2 != 0)) {
        return refuse_count(error, "stages", pipe->stages, dual ? "even numbers from 2" : "1 or more");
    }
    if (pipe->chunks < 1) {
        return refuse_count(error, "chunks", pipe->chunks, "1 or more");
    }
    if (pipe->micro_batches < 1) {
        return refuse_count(error, "micro_batches", pipe->micro_batches, "1 or more");
    }
    if (!fc_hd_pipeline_fits(schedule, pipe) && schedule == FC_SCHEDULE_INTERLEAVED) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "pipeline.micro_batches is %d; allowed for the interleaved schedule: multiples of the %d "
                            "stages",
                            pipe->micro_batches, pipe->stages);
    }
    if (dual && (pipe->micro_batches % 2 != 0 || pipe->micro_batches / 2 < pipe->stages)) {
        return refuse_count(error, "micro_batches", pipe->micro_batches, "even numbers from twice the stages");
    }
    return FC_OK;
}

static fc_status check_seconds(const play *p, fc_error *error) {
    for (int32_t place = 0; place < p->places; ++place) {
        fc_hd_pass pass = pass_of(p, place);
        const double parts_s[3] = {pass.forward_s, pass.input_s, pass.weight_s};
        for (int i = 0; i < 3; ++i) {
            if (!(parts_s[i] >= 0.0 && parts_s[i] <= 1e12)) {
                return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                                    "piece %d of %d of the pipeline would take %g s in its %s pass; allowed: 0 to 1e12",
                                    place + 1, p->places, parts_s[i], i == 0 ? "forward" : "backward");
            }
        }
        place = place == 0 && p->places > 2 ? p->places - 2 : place; /* all between the ends are alike */
    }
    if (!(p->pipe->send_s >= 0.0 && p->pipe->send_s <= 1e12)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "pipeline.send_s is %g; allowed: 0 to 1e12",
                            p->pipe->send_s);
    }
    if (!(p->pipe->blocked_frac >= 0.0 && p->pipe->blocked_frac <= 1.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "pipeline.blocked_frac is %g; allowed: 0 to 1",
                            p->pipe->blocked_frac);
    }
    if (!(p->pipe->pair_frac >= 0.0 && p->pipe->pair_frac <= 2.0)) {
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0, "pipeline.pair_frac is %g; allowed: 0 to 2",
                            p->pipe->pair_frac);
    }
    return FC_OK;
}

/* Room for everything. A piece of work becomes at most one event and one send, a pair two of each. */
static fc_status make_room(play *p, fc_arena *arena, fc_error *error) {
    size_t stages = (size_t)p->pipe->stages;
    size_t cells = (size_t)p->lanes * (size_t)p->places * (size_t)p->pipe->micro_batches;
    size_t works = stages * fc_schedule_most_work(p->schedule, p->pipe);
    p->works = fc_arena_alloc(arena, works * sizeof *p->works);
    p->first = fc_arena_alloc(arena, (stages + 1) * sizeof *p->first);
    p->next = fc_arena_alloc(arena, stages * sizeof *p->next);
    p->free_s = fc_arena_alloc(arena, stages * sizeof *p->free_s);
    p->busy_s = fc_arena_alloc(arena, stages * sizeof *p->busy_s);
    p->held = fc_arena_alloc(arena, stages * sizeof *p->held);
    p->forward_at_s = fc_arena_alloc(arena, cells * sizeof *p->forward_at_s);
    p->input_at_s = fc_arena_alloc(arena, cells * sizeof *p->input_at_s);
    p->out->events = fc_arena_alloc(arena, 2 * works * sizeof *p->out->events);
    if (p->works == NULL || p->first == NULL || p->next == NULL || p->free_s == NULL || p->busy_s == NULL ||
        p->held == NULL || p->forward_at_s == NULL || p->input_at_s == NULL || p->out->events == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for a timeline of %zu events", 2 * works);
    }
    for (size_t i = 0; i < cells; ++i) {
        p->forward_at_s[i] = NOT_YET;
        p->input_at_s[i] = NOT_YET;
    }
    return FC_OK;
}

static fc_status check_size(fc_schedule schedule, const fc_hd_pipeline *pipe, fc_error *error) {
    double chunks = schedule == FC_SCHEDULE_INTERLEAVED ? pipe->chunks : 1;
    double most = 6.0 * chunks * (double)pipe->stages * (double)pipe->micro_batches;
    if (most > FC_SCHEDULE_MOST_EVENTS) {
        return fc_error_set(error, FC_OVER_LIMIT, NULL, 0, 0,
                            "a timeline of %d stages, %.0f chunks and %d micro-batches can have %.0f events; at most "
                            "%d are played: ask for fewer micro-batches",
                            pipe->stages, chunks, pipe->micro_batches, most, FC_SCHEDULE_MOST_EVENTS);
    }
    return FC_OK;
}

fc_status fc_schedule_play(fc_schedule_timeline *out, fc_schedule schedule, const fc_hd_pipeline *pipeline,
                           fc_arena *arena, fc_error *error) {
    *out = (fc_schedule_timeline){0};
    FC_TRY(check_counts(schedule, pipeline, error));
    FC_TRY(check_size(schedule, pipeline, error));
    play p = {.pipe = pipeline, .schedule = schedule, .out = out};
    p.lanes = schedule == FC_SCHEDULE_DUALPIPE ? 2 : 1;
    p.places = pipeline->stages * (schedule == FC_SCHEDULE_INTERLEAVED ? pipeline->chunks : 1);
    FC_TRY(check_seconds(&p, error));
    FC_TRY(make_room(&p, arena, error));
    size_t count = 0;
    for (int32_t rank = 0; rank < pipeline->stages; ++rank) {
        p.first[rank] = count;
        p.next[rank] = count;
        count += fc_schedule_order(&p.works[count], schedule, pipeline, rank);
    }
    p.first[pipeline->stages] = count;
    return play_all(&p, error);
}

const char *fc_schedule_name(fc_schedule schedule) {
    static const char *const names[FC_SCHEDULE_COUNT] = {"gpipe", "1f1b", "interleaved", "zero-bubble", "dualpipe"};
    return (int)schedule >= 0 && schedule < FC_SCHEDULE_COUNT ? names[schedule] : "";
}
