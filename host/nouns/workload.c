/* workload.c: the work and the habits of the training software. */
#include "flopcast/workload.h"

#include "check.h"

#include <string.h>

fc_workload fc_workload_default(void) {
    fc_workload workload;
    memset(&workload, 0, sizeof workload);
    workload.kind = FC_WORKLOAD_PRETRAIN;
    workload.dtype = FC_DTYPE_BF16;
    /* The usual mixed-precision recipe (1710.03740) with Adam: fp32 gradients, an fp32 copy, two fp32 moments. */
    workload.grad_bytes = 4.0;
    workload.master_bytes = 4.0;
    workload.optimizer_bytes = 8.0;
    return workload;
}

double fc_optimizer_bytes(fc_optimizer optimizer) {
    static const double bytes[FC_OPTIMIZER_COUNT] = {
        [FC_OPTIMIZER_ADAM] = 8.0,
        [FC_OPTIMIZER_ADAM_BF16] = 4.0,
        [FC_OPTIMIZER_ADAM_8BIT] = 2.0 * (1.0 + 4.0 / 2048.0),
        [FC_OPTIMIZER_MUON] = 4.0,
        [FC_OPTIMIZER_ADAFACTOR] = 4.0,
    };
    return (unsigned)optimizer < FC_OPTIMIZER_COUNT ? bytes[optimizer] : bytes[FC_OPTIMIZER_ADAM];
}

fc_status fc_workload_check(const fc_workload *workload, fc_error *error) {
    static const fc_limit limits[] = {
        {"tokens", offsetof(fc_workload, tokens_count), FC_UNIT_TOKENS, 1.0, 1e18},
        {"grad_bytes", offsetof(fc_workload, grad_bytes), FC_UNIT_COUNT, 1.0, 8.0},
        {"master_bytes", offsetof(fc_workload, master_bytes), FC_UNIT_COUNT, 0.0, 8.0},
        {"optimizer_bytes", offsetof(fc_workload, optimizer_bytes), FC_UNIT_COUNT, 0.0, 32.0},
    };
    FC_TRY(fc_check_whole("workload", "kind", workload->kind, 0, FC_WORKLOAD_KIND_COUNT - 1, error));
    FC_TRY(fc_check_whole("workload", "optimizer", workload->optimizer, 0, FC_OPTIMIZER_COUNT - 1, error));
    FC_TRY(fc_check_whole("workload", "dtype", workload->dtype, 0, FC_DTYPE_COUNT - 1, error));
    FC_TRY(fc_check_whole("workload", "seq_len", workload->seq_len, 0, 1000000000, error));
    FC_TRY(fc_check_whole("workload", "global_batch", workload->global_batch, 0, 1000000000, error));
    return fc_check_limits("workload", workload, limits, sizeof limits / sizeof limits[0], error);
}

fc_stack fc_stack_default(void) {
    fc_stack stack;
    memset(&stack, 0, sizeof stack);
    stack.flash_attention = 1;
    stack.fused_kernels = 1;
    stack.fused_loss = 1;
    stack.expert_imbalance = 1.0;
    return stack;
}

fc_status fc_stack_check(const fc_stack *stack, fc_error *error) {
    static const fc_limit limits[] = {
        {"tp_overlap", offsetof(fc_stack, tp_overlap_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"dp_overlap", offsetof(fc_stack, dp_overlap_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"ep_overlap", offsetof(fc_stack, ep_overlap_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"cp_overlap", offsetof(fc_stack, cp_overlap_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"pp_overlap", offsetof(fc_stack, pp_overlap_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"expert_imbalance", offsetof(fc_stack, expert_imbalance), FC_UNIT_NONE, 1.0, 10.0},
        {"straggler", offsetof(fc_stack, straggler_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"reserve", offsetof(fc_stack, reserve_bytes), FC_UNIT_BYTES, 0.0, 1e12},
        {"host_per_layer", offsetof(fc_stack, host_layer_s), FC_UNIT_S, 0.0, 1.0},
        {"host_backward_ratio", offsetof(fc_stack, host_backward_ratio), FC_UNIT_NONE, 0.0, 10.0},
        {"host_per_moe_layer", offsetof(fc_stack, host_moe_layer_s), FC_UNIT_S, 0.0, 1.0},
        {"host_per_expert", offsetof(fc_stack, host_expert_s), FC_UNIT_S, 0.0, 1.0},
        {"host_per_rank", offsetof(fc_stack, host_rank_frac), FC_UNIT_FRAC, 0.0, 1.0},
        {"softmax_block", offsetof(fc_stack, softmax_block), FC_UNIT_COUNT, 0.0, 1024.0},
        {"host_per_step", offsetof(fc_stack, host_step_s), FC_UNIT_S, 0.0, 60.0},
        {"overlap_cost", offsetof(fc_stack, overlap_cost_frac), FC_UNIT_FRAC, 0.0, 2.0},
        {"grad_add", offsetof(fc_stack, grad_add_bytes), FC_UNIT_BYTES, 0.0, 100.0},
        {"gathers_per_layer", offsetof(fc_stack, gathers_per_layer), FC_UNIT_COUNT, 0.0, 1000.0},
        {"grad_wire", offsetof(fc_stack, grad_wire_bytes), FC_UNIT_BYTES, 0.0, 8.0},
        {"fresh_tensor", offsetof(fc_stack, fresh_tensor_bytes), FC_UNIT_BYTES, 0.0, 1e12},
        {"touch_overhead", offsetof(fc_stack, touch_overhead_frac), FC_UNIT_FRAC, 0.0, 10.0},
        {"weight_moves", offsetof(fc_stack, weight_moves), FC_UNIT_NONE, 0.0, 1000.0},
        {"weight_tensors", offsetof(fc_stack, weight_tensors), FC_UNIT_NONE, 0.0, 100.0},
        {"pool_switch", offsetof(fc_stack, pool_switch_s), FC_UNIT_S, 0.0, 1.0},
        {"host_per_kernel", offsetof(fc_stack, host_s_per_kernel), FC_UNIT_S, 0.0, 1.0},
    };
    FC_TRY(fc_check_text("stack", "name", stack->name, sizeof stack->name, error));
    FC_TRY(fc_check_whole("stack", "flash_attention", stack->flash_attention, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "fused_kernels", stack->fused_kernels, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "dropout", stack->dropout, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "cuda_graphs", stack->cuda_graphs, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "schedule", stack->schedule, 0, 5, error));
    FC_TRY(fc_check_whole("stack", "old_attention", stack->old_attention, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "fused_experts", stack->fused_experts, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "experts_apart", stack->experts_apart, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "fused_loss", stack->fused_loss, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "grads_every_micro_batch", stack->grads_every_micro_batch, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "pp_send_whole", stack->pp_send_whole, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "flop_convention", stack->flop_convention, 0, FC_FLOP_CONVENTION_COUNT - 1, error));
    FC_TRY(fc_check_whole("stack", "own_threads", stack->own_threads, 0, 1, error));
    FC_TRY(fc_check_whole("stack", "one_thread_passes", stack->one_thread_passes, 0, 1, error));
    return fc_check_limits("stack", stack, limits, sizeof limits / sizeof limits[0], error);
}
