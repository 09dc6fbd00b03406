/* pin.h: threads that stay on a processor each while they are timed. Nothing here can fail: where the system does not
 * let a thread be pinned it stays free. */
#ifndef FLOPCAST_HOST_DEVICE_PIN_H
#define FLOPCAST_HOST_DEVICE_PIN_H

#include <stdbool.h>
#include <stdint.h>

/* The processors that the process might use when it was asked, as a list. */
#define FC_PIN_MOST 1024

typedef struct fc_pin_list {
    uint32_t count; /* 0: the system does not tell */
    uint16_t processor[FC_PIN_MOST];
} fc_pin_list;

/* Asks for the processors of the calling thread, so before it is pinned. */
void fc_pin_list_here(fc_pin_list *out);
/* Keeps the calling thread on number `index` of the list; false when it stays free. */
bool fc_pin_self(const fc_pin_list *list, uint32_t index);
/* Lets the calling thread use the whole list again. */
void fc_pin_free_self(const fc_pin_list *list);
/* The `others_count` threads of the process beside the caller, which a library made and offers no handle of, go to
 * numbers 1, 2, … of the list. False, with nothing done, when the process has another number of threads: then it is not
 * known whose they are. `free` undoes it. */
bool fc_pin_others(const fc_pin_list *list, uint32_t others_count, bool free);

#endif
