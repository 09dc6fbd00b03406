/* net_sim.h: messages on links, one by one. It knows no closed form: a message starts when the sender has its data and
 * every link of its way is free, holds each link for bytes / rate, and arrives a latency after the slowest let it go. */
#ifndef FLOPCAST_TESTS_UNIT_NET_SIM_H
#define FLOPCAST_TESTS_UNIT_NET_SIM_H

#include <math.h>
#include <stdbool.h>

enum { SIM_CHIPS = 512, SIM_LINKS = 4096 };

typedef struct sim_link {
    double bytes_per_s;
    double latency_s;
    double free_s; /* when what was sent so far is through */
} sim_link;

typedef struct sim {
    int links_count;
    sim_link links[SIM_LINKS];
    double end_s; /* when the last message arrived */
} sim;

static inline int sim_add(sim *s, double bytes_per_s, double latency_s) {
    s->links[s->links_count] = (sim_link){bytes_per_s, latency_s, 0};
    return s->links_count++;
}

/* `count` links alike; the first. */
static inline int sim_add_many(sim *s, int count, double bytes_per_s, double latency_s) {
    int first = s->links_count;
    for (int i = 0; i < count; i++) {
        sim_add(s, bytes_per_s, latency_s);
    }
    return first;
}

static inline double sim_send_over(sim *s, const int *way, int way_count, double bytes, double ready_s) {
    double start_s = ready_s, slowest_s = 0, latency_s = 0;
    for (int i = 0; i < way_count; i++) {
        const sim_link *link = &s->links[way[i]];
        start_s = fmax(start_s, link->free_s);
        slowest_s = fmax(slowest_s, bytes / link->bytes_per_s);
        latency_s = fmax(latency_s, link->latency_s);
    }
    for (int i = 0; i < way_count; i++) {
        s->links[way[i]].free_s = start_s + bytes / s->links[way[i]].bytes_per_s;
    }
    double arrived_s = start_s + slowest_s + latency_s;
    s->end_s = fmax(s->end_s, arrived_s);
    return arrived_s;
}

static inline double sim_send(sim *s, int link, double bytes, double ready_s) {
    return sim_send_over(s, &link, 1, bytes, ready_s);
}

#endif
