/* emulation.h: faults on demand, and what is alive. The emulated plug-in exports it; tests look the names up in it. */
#ifndef FLOPCAST_EMULATED_EMULATION_H
#define FLOPCAST_EMULATED_EMULATION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_emulated_fault {
    FC_EMULATED_SOUND,
    FC_EMULATED_NO_DRIVER,
    FC_EMULATED_NO_DEVICE,
    FC_EMULATED_OUT_OF_MEMORY,
    FC_EMULATED_FAILED_LAUNCH,
    FC_EMULATED_STICKY,  /* the next kernel or matmul breaks the device: every call from the next on fails */
    FC_EMULATED_NO_NVML, /* libraries that are not installed */
    FC_EMULATED_NO_NCCL,
    FC_EMULATED_WRONG_RESULT,
    /* Mistakes of a caller, made on its behalf: a test that does not see them sees nothing. */
    FC_EMULATED_FLIPPED_TRANSPOSE,
    FC_EMULATED_WRONG_LEADING,
    FC_EMULATED_SWAPPED_OPERANDS,
    FC_EMULATED_WRONG_DTYPE,
    FC_EMULATED_WRONG_STRIDE,
    FC_EMULATED_WRONG_REDUCTION, /* the largest instead of the sum */
    FC_EMULATED_WRONG_COUNT,     /* one number less */
    FC_EMULATED_WRONG_PEER,      /* the next one */
    FC_EMULATED_LOST_SHUFFLE,    /* each thread gets back what it gave */
    FC_EMULATED_FAULT_COUNT
} fc_emulated_fault;

typedef enum fc_emulated_library {
    FC_EMULATED_IN_CUDA, /* the runtime and cuBLASLt */
    FC_EMULATED_IN_NVML,
    FC_EMULATED_IN_NCCL
} fc_emulated_library;

typedef struct fc_emulated_counts {
    uint64_t calls;
    uint64_t alive;     /* allocations, streams, events, handles, descriptors, layouts and preferences */
    uint64_t failed_in; /* the library of the call that was told to fail */
    uint64_t misuses;   /* freed twice, used after its end, memory beyond its end, the wrong device */
} fc_emulated_counts;

/* Forgets faults and counts; what is alive stays. */
void fc_emulated_reset(void);
void fc_emulated_break(uint32_t fault);
/* Call number `call` from now on (from 1) fails, alone or with all after it (of NVML's: all of NVML's). One that frees does free and then fails, as
 * a real one does when it reports what went wrong before. */
void fc_emulated_fail_call(uint64_t call, int sticky);
void fc_emulated_set_memory(size_t bytes);
void fc_emulated_set_devices(int count);
/* The next `times` questions for slowdowns are answered with these bits of NVML; UINT32_MAX: all. */
void fc_emulated_throttle(uint64_t reasons, uint32_t times);
fc_emulated_counts fc_emulated_count(void);

#ifdef __cplusplus
}
#endif
#endif
