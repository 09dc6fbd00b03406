/* flopcast.h: the whole library in one include.
 *
 * What does one optimizer step of Llama 3 8B cost in operations?
 *
 *     #include <flopcast/flopcast.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *         fc_model model = fc_model_default();
 *         model.layers_count = 32;
 *         model.hidden = 4096;
 *         model.heads = 32;
 *         model.kv_heads = 8;
 *         model.ffn_hidden = 14336;
 *         model.vocab = 128256;
 *         model.seq_len = 8192;
 *         fc_error error = {0};
 *         if (fc_model_check(&model, &error) != FC_OK) {
 *             fprintf(stderr, "%s\n", error.text);
 *             return (int)error.status;
 *         }
 *         fc_workload workload = fc_workload_default();
 *         static fc_ops ops;
 *         fc_ops_count(&ops, &model, &workload);
 *         printf("%.0f parameters, %.4g FLOP a token\n", ops.params_total_count, ops.flop_per_token_model);
 *         return 0;
 *     }
 *
 * Build it with `cc example.c $(pkg-config --cflags --libs flopcast)`, or with CMake: find_package(flopcast) and link
 * to flopcast::flopcast. Everything is SI; names end in their unit.
 */
#ifndef FLOPCAST_FLOPCAST_H
#define FLOPCAST_FLOPCAST_H

#include "backend.h"
#include "base.h"
#include "calibration.h"
#include "chip.h"
#include "cluster.h"
#include "deal.h"
#include "deals.h"
#include "estimate.h"
#include "fit_runs.h"
#include "kernels.h"
#include "measure.h"
#include "model.h"
#include "plan.h"
#include "policy.h"
#include "race.h"
#include "results.h"
#include "runs.h"
#include "scale.h"
#include "schedule.h"
#include "study.h"
#include "workload.h"

#endif
