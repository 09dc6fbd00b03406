/* isa.h: which vector instructions this processor has, for loops that are compiled once for each set.
 *
 * The build knows nothing of the machine it will run on, so a loop that must reach the processor's limit is compiled
 * for the base instruction set and, on x86-64, for two wider ones; the choice is made at run time.
 */
#ifndef FLOPCAST_HOST_DEVICE_ISA_H
#define FLOPCAST_HOST_DEVICE_ISA_H

#if defined(__x86_64__) && defined(__GNUC__)
#define FC_ISA_X86 1
#define FC_TARGET_AVX2 __attribute__((target("avx2,fma")))
#define FC_TARGET_AVX512 __attribute__((target("avx512f")))
#else
#define FC_ISA_X86 0
#endif

/* A body that each of the compiled versions takes in; it passes vectors by pointer, since how they are passed by value
 * depends on the instruction set. */
#define FC_VECTOR_BODY static inline __attribute__((always_inline))

typedef enum fc_isa { FC_ISA_BASE = 0, FC_ISA_AVX2, FC_ISA_AVX512, FC_ISA_COUNT } fc_isa;

static inline fc_isa fc_isa_here(void) {
#if FC_ISA_X86
    if (__builtin_cpu_supports("avx512f")) {
        return FC_ISA_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return FC_ISA_AVX2;
    }
#endif
    return FC_ISA_BASE;
}

#endif
