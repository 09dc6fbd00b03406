/* search_loop.h: the cuts of a search on the threads of this machine. */
#ifndef FLOPCAST_HOST_CLI_SEARCH_LOOP_H
#define FLOPCAST_HOST_CLI_SEARCH_LOOP_H

#include "flopcast/search.h"

/* An fc_search_loop: OpenMP's threads, one slot each, where the program was built with it; else one after the other. */
void fc_search_on_threads(uint32_t count, uint32_t slots, fc_search_work *work, void *context);
/* Threads that there are. */
uint32_t fc_search_threads(void);

#endif
