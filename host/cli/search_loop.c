#include "search_loop.h"

#ifdef _OPENMP
#include <omp.h>
#endif

uint32_t fc_search_threads(void) {
#ifdef _OPENMP
    int threads = omp_get_max_threads();
    return threads > 0 ? (uint32_t)threads : 1;
#else
    return 1;
#endif
}

void fc_search_on_threads(uint32_t count, uint32_t slots, fc_search_work *work, void *context) {
#ifdef _OPENMP
    /* cuts differ a thousandfold in work: each thread takes the next one */
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)slots)
    for (uint32_t i = 0; i < count; ++i) {
        work(context, i, (uint32_t)omp_get_thread_num());
    }
#else
    fc_search_in_turn(count, slots, work, context);
#endif
}
