/* memory_helpers.h: what the tests of memory share. */
#ifndef FLOPCAST_TESTS_UNIT_MEMORY_HELPERS_H
#define FLOPCAST_TESTS_UNIT_MEMORY_HELPERS_H

#include "chain_random.h"

static const double GIB = 1073741824.0;

static inline double states_gib(const fc_memory *memory) {
    const double *bytes = memory->cause_bytes;
    double sum =
        bytes[FC_MEMORY_WEIGHTS] + bytes[FC_MEMORY_GRADS] + bytes[FC_MEMORY_MASTER] + bytes[FC_MEMORY_OPTIMIZER];
    return sum / GIB;
}

static inline fc_memory size(const fc_study *study) {
    fc_ops ops;
    fc_memory memory;
    fc_ops_count(&ops, &study->model, &study->workload);
    fc_memory_size(&memory, &ops, &study->cluster, &study->plan, &study->stack);
    return memory;
}

static inline fc_study checked(fc_study study) {
    fc_error error = {0};
    assert_fine(fc_study_check(&study, &error), &error);
    return study;
}

#endif
