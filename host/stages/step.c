/* step.c: seconds of one optimizer step of a plan: sums over rows (step_rows.c), then the arithmetic of hd/step.h, which CUDA
 * shares; here its refusals become sentences. */
#include "flopcast/stages.h"
#include "flopcast/hd/step.h"

static fc_status say(fc_step_state state, const fc_step *step, const fc_chip *chip, uint32_t dtype, fc_error *error) {
    switch (state) {
    case FC_STEP_NO_HOST_LINK:
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the plan offloads to the host, and how fast the link of %s to it is is not known: give "
                            "cluster.chip.host_link_bw, one way",
                            chip->name);
    case FC_STEP_NO_HOST_MEMORY:
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the plan updates weights on the host, and the bandwidth of the memory there is not known "
                            "for %s: give cluster.chip.host_memory_bw, for each chip",
                            chip->name);
    case FC_STEP_BEYOND_CHIP:
        return fc_error_set(error, FC_BAD_INPUT, NULL, 0, 0,
                            "the step would take %g s at HFU %g, which no chip can do: check chip.peak_%s and the "
                            "efficiencies of chip %s",
                            step->time_s, step->hfu_frac, fc_dtype_name((fc_dtype)dtype), chip->name);
    case FC_STEP_PLACED:
    default:
        return FC_OK;
    }
}

fc_status fc_step_place(fc_step *out, const fc_step_rows *rows, const fc_ops *ops, const fc_cluster *cluster,
                        const fc_plan *plan, const fc_stack *stack, fc_error *error) {
    fc_step_state state = fc_hd_step_place(out, rows, ops, cluster, plan, stack);
    return say(state, out, &cluster->chip, ops->dtype, error);
}

fc_status fc_step_time(fc_step *out, const fc_ops *ops, const fc_cluster *cluster, const fc_plan *plan,
                       const fc_stack *stack, fc_error *error) {
    fc_step_rows rows;
    FC_TRY(fc_step_sum(&rows, ops, cluster, plan, stack, error));
    return fc_step_place(out, &rows, ops, cluster, plan, stack, error);
}

void fc_step_scale(fc_step *step, double factor) { fc_hd_step_scale(step, factor); }
