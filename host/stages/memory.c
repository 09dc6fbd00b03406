/* memory.c: bytes on the fullest chip of a plan. The arithmetic stands in hd/memory.h, which CUDA shares. */
#include "flopcast/stages.h"
#include "flopcast/hd/memory.h"

void fc_memory_stage(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                     const fc_plan *plan, const fc_stack *stack, uint32_t stage) {
    fc_hd_memory_stage(out, rows, ops, cluster, plan, stack, stage);
}

void fc_memory_place(fc_memory *out, const fc_memory_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                     const fc_plan *plan, const fc_stack *stack) {
    fc_hd_memory_place(out, rows, ops, cluster, plan, stack);
}

void fc_memory_size(fc_memory *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                    const fc_stack *stack) {
    fc_memory_rows rows;
    fc_memory_sum(&rows, ops, cluster, plan, stack);
    fc_memory_place(out, &rows, ops, cluster, plan, stack);
}
