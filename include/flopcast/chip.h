/* chip.h: one accelerator (or processor): its sheet, and how much of the sheet kernels really reach.
 *
 * All rates are dense, per chip, one way. 0 means unknown: what needs an unknown fact fails with its name, it never
 * falls back to another dtype or another chip.
 */
#ifndef FLOPCAST_CHIP_H
#define FLOPCAST_CHIP_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_topology {
    FC_TOPOLOGY_SWITCHED = 0, /* full rate to any peer */
    FC_TOPOLOGY_TORUS,        /* links to neighbours along rings */
    FC_TOPOLOGY_MESH,         /* one link to each peer */
    FC_TOPOLOGY_COUNT
} fc_topology;

/* Time of an m×n×k matmul: launch_s + 2mnk / (peak · eff · r(m)·r(n)·r(k)), r(x) = x/(x + half).
 * For chips without a measured curve (fc_chip_curves has those, with tiles and waves). */
typedef struct fc_matmul_curve {
    double eff_frac; /* of dense peak, large shapes; 0 to 1 */
    double m_half;   /* the m at which the rate is half; 0 or more */
    double n_half;
    double k_half;
    double nn_rate_frac; /* rate of input gradients, of that of the forward product; 0: the same */
    double tn_rate_frac; /* of weight gradients */
    double launch_s;     /* of one product, waking the threads included; 0: launch_s of the chip */
} fc_matmul_curve;

/* Kinds of passes over memory whose rates differ where arithmetic or the pattern of access bounds them. */
typedef enum fc_pass {
    FC_PASS_STREAM = 0, /* add, scale, copy, fill */
    FC_PASS_NORM,
    FC_PASS_SOFTMAX,
    FC_PASS_GELU,
    FC_PASS_SWIGLU,
    FC_PASS_GATHER,
    FC_PASS_SCATTER,
    FC_PASS_OPTIMIZER, /* Adam in one pass */
    FC_PASS_COUNT
} fc_pass;

/* Kernels whose measured curves a chip carries (include/flopcast/hd/kernel_*.h). */
typedef enum fc_chip_link {
    FC_CHIP_LINK_ALL_REDUCE = 0,
    FC_CHIP_LINK_ALL_GATHER,
    FC_CHIP_LINK_REDUCE_SCATTER,
    FC_CHIP_LINK_ALL_TO_ALL,
    FC_CHIP_LINK_COUNT
} fc_chip_link;

#define FC_CHIP_CURVE_SIZE 32

/* Parameters in the order of the kernel's header. */
typedef struct fc_chip_curve {
    double cores_count; /* 0: there is no such curve */
    double parameters[FC_CHIP_CURVE_SIZE];
} fc_chip_curve;

/* From data/calibrations: what single kernels of this chip, or of the chip it is like, were measured to take. */
typedef struct fc_chip_curves {
    fc_chip_curve matmul[FC_DTYPE_COUNT];
    fc_chip_curve attention; /* flash attention, causal, forward */
    fc_chip_curve link[FC_CHIP_LINK_COUNT];
    fc_chip_curve dispatch; /* tokens to their experts, as DeepEP does it */
    fc_chip_curve combine;
} fc_chip_curves;

typedef struct fc_chip {
    char name[FC_NAME_SIZE];
    char vendor[FC_NAME_SIZE];
    char family[FC_NAME_SIZE]; /* chips that share defaults: "nvidia", "trainium", "tpu", "amd", "cpu", … */
    int32_t released_day;      /* days since 1970-01-01; 0: unknown */

    double peak_flop_per_s[FC_DTYPE_COUNT];
    double memory_bytes;
    double memory_bytes_per_s;
    double l2_bytes;
    double cores_count; /* SM, CU, NeuronCore, TensorCore, CPU core */
    double clock_hz;
    uint32_t devices_per_chip; /* ranks a chip is seen as: Trainium2 4 (LNC=2), MI250X 2, TPU v7 2; else 1 */

    double scaleup_bytes_per_s;      /* one way, all links of a chip */
    double scaleup_peer_bytes_per_s; /* to one neighbour, where that is less than all links; 0: all */
    uint32_t scaleup_domain_count;
    uint32_t scaleup_topology;   /* fc_topology */
    double scaleup_torus_side;   /* torus: chips along the longest ring; bounds all-to-all */
    double scaleout_bytes_per_s; /* NIC share of one chip, one way */
    uint32_t pcie_generation;    /* of PCIe cards; 0: not a PCIe card */

    double tdp_w;
    double server_w;   /* server or tray divided by its chips */
    double it_power_w; /* all-in IT power a chip: server, network, storage */

    fc_matmul_curve matmul[FC_DTYPE_COUNT];
    double attention_eff_frac; /* of the attention dtype's peak, forward, long sequences */
    double memory_eff_frac;    /* of memory_bytes_per_s, large streams */
    double scaleup_eff_frac;   /* of scaleup_bytes_per_s, large messages */
    double scaleout_eff_frac;
    double launch_s; /* between two kernels of one stream; of a processor: to wake all its threads */

    /* A processor, as measured; all 0 otherwise. */
    double threads_count;
    fc_matmul_curve one_thread[FC_DTYPE_COUNT];        /* while all others work; eff_frac is of the whole chip's peak */
    double pass_bytes_per_s[FC_PASS_COUNT];            /* all threads; 0: memory_bytes_per_s */
    double first_touch_bytes_per_s;                    /* pages mapped anew and written once; 0: costs nothing */
    double one_thread_pass_bytes_per_s[FC_PASS_COUNT]; /* one thread, the others idle; 0: as with all */
    double one_thread_touch_bytes_per_s;
    double scaleup_latency_s; /* one step of a collective */
    double scaleout_latency_s;
    double power_draw_frac;     /* average draw while training, of it_power_w */
    double failures_per_chip_h; /* unexpected stops of a job, per chip and hour */

    double matmul_hot_frac[FC_DTYPE_COUNT]; /* rate of matmuls while a step keeps the chip hot, of their measured rate
                                             * alone; 0: the same */
    double attention_backward_frac; /* rate of flash attention's backward pass, of its forward pass; 0: the same */
    double attention_old_frac; /* rate of attention kernels written for older chips, of this chip's own; 0: the same */
    fc_chip_curves curves;
    double host_memory_bytes; /* of the server, divided by its chips; 0: unknown */
    double host_link_bytes_per_s;   /* to the host's memory, one way, per chip; 0: unknown */
    double host_memory_bytes_per_s; /* bandwidth of that memory, divided by its chips; 0: unknown */
    double host_eff_frac;           /* of both, large copies and updates; 0: all of it */
} fc_chip;

fc_chip fc_chip_default(void);
fc_status fc_chip_check(const fc_chip *chip, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
