/* calibration.h: what was measured on a device, and the curve fitted to it. */
#ifndef FLOPCAST_CALIBRATION_H
#define FLOPCAST_CALIBRATION_H

#include "base.h"
#include "chip.h"
#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FC_MAX_SAMPLES 4096
/* Fitted collectives of one file: one for each op and number of ranks. */
#define FC_MAX_FIT_COLLECTIVES 64
#define FC_MOST_RANKS 1000000000U

typedef enum fc_sample_kind {
    FC_SAMPLE_MATMUL = 0,
    FC_SAMPLE_MEMORY,
    FC_SAMPLE_ELEMENTWISE,
    FC_SAMPLE_LAUNCH,
    FC_SAMPLE_COLLECTIVE,
    FC_SAMPLE_CEILING,
    FC_SAMPLE_KIND_COUNT
} fc_sample_kind;

/* Where the operands stood when a timed call began. */
typedef enum fc_residency {
    FC_RESIDENCY_UNKNOWN = 0,
    FC_RESIDENCY_MEMORY, /* cold: more bytes are cycled through than the last-level cache holds */
    FC_RESIDENCY_CACHE,
    FC_RESIDENCY_COUNT
} fc_residency;

/* How the operands of an m×n×k matmul lie in memory, row by row: which of the two is stored transposed. */
typedef enum fc_layout {
    FC_LAYOUT_NT = 0, /* the right one, n×k: a layer forward with its weights as trained; scores */
    FC_LAYOUT_NN,     /* neither: input gradients, weighted values */
    FC_LAYOUT_TN,     /* the left one, k×m: weight gradients */
    FC_LAYOUT_COUNT
} fc_layout;

/* What a matmul of the plan stands for; errors of the fit are told by it. */
typedef enum fc_shape_class {
    FC_SHAPE_OTHER = 0,
    FC_SHAPE_SQUARE,
    FC_SHAPE_BOUNDARY, /* one beside a power of two */
    FC_SHAPE_FORWARD,
    FC_SHAPE_INPUT_GRAD,
    FC_SHAPE_WEIGHT_GRAD,
    FC_SHAPE_ATTENTION,
    FC_SHAPE_ROUTER,
    FC_SHAPE_LOGITS,
    FC_SHAPE_DECODE, /* few rows */
    FC_SHAPE_CLASS_COUNT
} fc_shape_class;

/* What a memory, elementwise or launch sample did. Bytes count each read and each write of an element, as STREAM does. */
typedef enum fc_memory_op {
    FC_MEMORY_OP_NONE = 0, /* of a launch: one call of the library at size 1, or one kernel */
    FC_MEMORY_OP_COPY,
    FC_MEMORY_OP_TRIAD,
    FC_MEMORY_OP_READ,
    FC_MEMORY_OP_WRITE,
    FC_MEMORY_OP_FIRST_TOUCH, /* memory mapped anew, written once, given back */
    /* elementwise, m rows of n */
    FC_MEMORY_OP_LAYER_NORM,
    FC_MEMORY_OP_RMS_NORM,
    FC_MEMORY_OP_SOFTMAX,
    FC_MEMORY_OP_GELU, /* by erf */
    FC_MEMORY_OP_SWIGLU,
    FC_MEMORY_OP_RESIDUAL_ADD,
    FC_MEMORY_OP_GATHER,      /* m rows out of a table of k */
    FC_MEMORY_OP_ADAM,        /* of m x n parameters */
    FC_MEMORY_OP_SCATTER_ADD, /* m rows onto a table of k */
    FC_MEMORY_OP_WAKE,        /* launch: all threads start and finish together, with nothing to do between */
    FC_MEMORY_OP_WAIT,        /* launch: one call alone, and the host waits until it is done */
    FC_MEMORY_OP_COUNT
} fc_memory_op;

#define FC_ELEMENTWISE_FIRST FC_MEMORY_OP_LAYER_NORM
#define FC_ELEMENTWISE_LAST FC_MEMORY_OP_SCATTER_ADD

/* What `bytes` of a collective sample means: of one rank's whole buffer. */
typedef enum fc_collective_op {
    FC_COLLECTIVE_NONE = 0,
    FC_COLLECTIVE_ALL_REDUCE,     /* the buffer that is reduced */
    FC_COLLECTIVE_ALL_GATHER,     /* the gathered buffer, all ranks' pieces */
    FC_COLLECTIVE_REDUCE_SCATTER, /* the buffer before it is scattered */
    FC_COLLECTIVE_ALL_TO_ALL,     /* all that one rank holds, the piece for itself included */
    FC_COLLECTIVE_SEND_RECV,      /* one message */
    FC_COLLECTIVE_SEND_WINDOW,    /* one of many messages under way at once: bandwidth without the wait */
    FC_COLLECTIVE_COUNT
} fc_collective_op;

/* One timed case. seconds is the median of `repeats` timings. A ceiling does batch x m x n x k multiply-adds on registers,
 * batch being its threads. */
typedef struct fc_sample {
    uint32_t kind;          /* fc_sample_kind */
    uint32_t dtype;         /* fc_dtype; FC_DTYPE_COUNT of a collective on plain bytes */
    uint32_t memory_op;     /* fc_memory_op of a memory, elementwise or launch sample */
    uint32_t collective_op; /* fc_collective_op of a collective sample */
    uint32_t ranks;         /* of a collective sample: how many took part */
    uint32_t m;             /* of a memory sample: KiB of its arrays together, where that was wished; else 0 */
    uint32_t n;
    uint32_t k;
    uint32_t batch;
    uint32_t layout;      /* fc_layout of a matmul */
    uint32_t shape_class; /* fc_shape_class of a matmul */
    uint32_t threads;
    uint32_t residency; /* fc_residency */
    uint32_t
        level; /* of a memory sample: the cache, 1 to 3, that holds its operands or a part; 0: memory, or not told */
    uint32_t repeats;
    uint32_t slowdowns; /* bits 1 << fc_slowdown, of the device while it ran; 0: none, or not told */
    uint8_t unstable;   /* noise stayed above the aim when time was up, or a slowdown spoiled it each time */
    uint8_t heldout;    /* drawn before the fit and not used in it */
    double
        bytes; /* of a memory sample: moved, reads and writes, as STREAM counts; of a matmul: its three matrices; of a
                   * collective: see fc_collective_op */
    double seconds;
    double seconds_min;
    double noise_frac; /* spread of the middle half of the timings / median */
} fc_sample;

typedef struct fc_machine {
    char cpu[FC_TEXT_SIZE];
    char kernel[FC_TEXT_SIZE];   /* operating system */
    char governor[FC_NAME_SIZE]; /* "unknown" where the system does not tell */
    char simd[FC_NAME_SIZE];
    uint32_t cores_count;
    double memory_bytes;
    /* Where the ranks stood whose collectives were measured last; ranks_count 0: none were. */
    char mpi_library[FC_TEXT_SIZE];
    char rank_hosts[FC_TEXT_SIZE];     /* "node1: 4, node2: 4"; ends in … where there are more */
    char rank_placement[FC_NAME_SIZE]; /* "one host", "one rank a host", "several ranks a host" */
    uint32_t ranks_count;
    uint32_t rank_hosts_count;
    uint32_t ranks_per_host_least; /* of the host with the fewest */
    uint32_t ranks_per_host_most;
} fc_machine;

/* How the samples were taken. */
typedef struct fc_method {
    double aim_noise_frac;    /* spread of the middle half of the timings at which a case was done; 0: not told */
    double reference_start_s; /* one matmul, timed at the start, middle and end of the run; 0: not timed */
    double reference_middle_s;
    double reference_end_s;
    double drift_frac; /* the slowest of the three over the fastest, less 1 */
} fc_method;

/* Why a device runs below the clock that it can reach, as its driver tells: a bit each in `slowdowns`. */
typedef enum fc_slowdown {
    FC_SLOWDOWN_IDLE = 0,
    FC_SLOWDOWN_CLOCK_SETTING,    /* somebody set the clocks */
    FC_SLOWDOWN_POWER_CAP,        /* software keeps the power limit: usual in large matmuls, and no fault of a timing */
    FC_SLOWDOWN_HARDWARE,         /* half the clock or less: too hot, too much power, or an outside brake */
    FC_SLOWDOWN_SYNC_BOOST,       /* kept at the clock of other devices */
    FC_SLOWDOWN_THERMAL,          /* software keeps the temperature */
    FC_SLOWDOWN_HARDWARE_THERMAL, /* half the clock or less: too hot */
    FC_SLOWDOWN_POWER_BRAKE,      /* half the clock or less: the power supply asks for it */
    FC_SLOWDOWN_DISPLAY_CLOCK,
    FC_SLOWDOWN_COUNT
} fc_slowdown;

/* Those after which a timing tells of the cooling or the supply, and not of the device. */
#define FC_SLOWDOWNS_SPOILING                                                                                          \
    ((1U << FC_SLOWDOWN_HARDWARE) | (1U << FC_SLOWDOWN_THERMAL) | (1U << FC_SLOWDOWN_HARDWARE_THERMAL) |               \
     (1U << FC_SLOWDOWN_POWER_BRAKE))

/* A device at one moment, or over some time: then the lowest clocks, the highest power and temperature, all slowdowns.
 * Numbers of 0 are not told. */
typedef struct fc_device_state {
    uint8_t told; /* 0: nothing is known */
    uint32_t slowdowns;
    double clock_hz;
    double memory_clock_hz;
    double power_w;
    double temperature_c;
} fc_device_state;

typedef struct fc_device_info {
    char backend[FC_NAME_SIZE]; /* "openblas", "cuda", "null", "replay" */
    char name[FC_TEXT_SIZE];    /* "Intel Xeon …", "NVIDIA H100 …" */
    char library[FC_TEXT_SIZE]; /* BLAS or CUDA version and kernel */
    char driver[FC_TEXT_SIZE];
    uint32_t threads;
    double cores_count;
    double memory_bytes;
    double cache_bytes; /* of the last cache before the memory; 0: not told */
    double clock_hz;
    double max_memory_clock_hz; /* 0: not told, as the power limit */
    double power_limit_w;
    fc_device_state now;  /* at the moment of asking */
    fc_device_state busy; /* over the runs since the last prepare */
    uint8_t emulated;     /* not real hardware: never printed as a figure of the device */
    uint8_t pinned;       /* each thread of the library stays on a processor of its own */
} fc_device_info;

typedef struct fc_fit_dtype {
    fc_matmul_curve curve;  /* eff_frac is 1 of peak_flop_per_s: the fitted ceiling is the peak */
    double peak_flop_per_s; /* fitted ceiling; 0: not measured */
    double launch_s;
    uint32_t samples_count;
    double heldout_median_abs_error_frac; /* NaN never: 0 with heldout_count 0 */
    uint32_t heldout_count;
} fc_fit_dtype;

/* seconds = latency_s + bytes · fc_collective_traffic_frac / bus_bytes_per_s: Hockney's alpha and beta. */
typedef struct fc_fit_collective {
    uint32_t op; /* fc_collective_op */
    uint32_t ranks;
    uint32_t samples_count;
    double latency_s;
    double bus_bytes_per_s;       /* one way, per rank ("bus bandwidth"); 0: no size was large enough to tell */
    double median_abs_error_frac; /* over the very samples that were fitted */
} fc_fit_collective;

/* A GPU's matmul with its tiles and waves (hd/kernel_gemm.h): the curve of a shipped chip, a few parameters fitted to what
 * was measured here. */
typedef struct fc_fit_kernel {
    fc_kernel_curve curve;   /* fitted_count 0: there is none */
    char like[FC_NAME_SIZE]; /* the chip whose curve the fit started from */
} fc_fit_kernel;

typedef struct fc_fit {
    uint32_t threads;                        /* of the matmuls on all threads; 0: not a processor */
    fc_fit_dtype dtype[FC_DTYPE_COUNT];      /* on all threads */
    fc_fit_dtype one_thread[FC_DTYPE_COUNT]; /* of a processor that was measured on several threads: on one of them */
    double memory_bytes_per_s;               /* triad, out of cache; 0: not measured */
    double copy_bytes_per_s;
    double heldout_median_abs_error_frac; /* matmul of all dtypes together; 0 with heldout_count 0 */
    double heldout_p90_abs_error_frac;
    uint32_t heldout_count;
    uint32_t collectives_count;
    fc_fit_collective collectives[FC_MAX_FIT_COLLECTIVES];
    fc_fit_kernel kernel[FC_DTYPE_COUNT]; /* of a GPU; used before `dtype` where there is one */
} fc_fit;

/* What a catalogue chip of the device's name can do by its sheet: dense, per chip, one way. 0: the sheet does not tell. */
typedef struct fc_device_sheet {
    char chip[FC_NAME_SIZE];   /* as in data/chips; "": the device is none of them */
    char reason[FC_TEXT_SIZE]; /* why it is none of them */
    double peak_flop_per_s[FC_DTYPE_COUNT];
    double memory_bytes_per_s;
    double scaleup_bytes_per_s;
    uint32_t scaleup_domain_count;
} fc_device_sheet;

/* Lower-case names as they stand in files; never NULL for values below the COUNT. */
const char *fc_sample_kind_name(fc_sample_kind kind);
const char *fc_residency_name(fc_residency residency);
const char *fc_memory_op_name(fc_memory_op op);
const char *fc_layout_name(fc_layout layout);
const char *fc_shape_class_name(fc_shape_class shape_class);
const char *fc_collective_op_name(fc_collective_op op);
const char *fc_slowdown_name(fc_slowdown slowdown);
/* Widens `sum` by another moment; one that tells nothing changes nothing. */
void fc_device_state_add(fc_device_state *sum, const fc_device_state *one);
/* Share of `bytes` that one rank sends: 2(n-1)/n of an all-reduce, (n-1)/n of a gather or an all-to-all, 1 of a send. */
double fc_collective_traffic_frac(fc_collective_op op, double ranks);

typedef struct fc_calibration {
    fc_machine machine;
    fc_device_info device;
    fc_device_sheet sheet;
    fc_device_state before; /* of the device: at the start of the run, over all cases, at the end */
    fc_device_state during;
    fc_device_state after;
    fc_method method;
    char taken_at[32]; /* UTC, ISO 8601 */
    uint8_t unstable;  /* more than half of the samples are */
    uint32_t samples_count;
    fc_sample *samples; /* in the arena */
    fc_fit fit;
} fc_calibration;

/* Draws the held-out matmuls of every dtype: a share of them, by the seed alone, before any fit has seen a timing; fewer
 * where the fit would be left with too little. */
void fc_calibration_draw_heldout(fc_sample *samples, uint32_t samples_count, uint64_t seed);

/* Fits the curves of chip.h to the samples: least squares of log time over samples that are not held out, and every
 * collective. FC_BAD_INPUT when there are too few matmuls of every dtype and no collective either. */
fc_status fc_calibration_fit(fc_fit *out, const fc_sample *samples, uint32_t samples_count, fc_error *error);

/* Fits the kernel curve of each dtype of a GPU, whose number of SMs is known, to the matmuls that are not held out: that of
 * the nearest chip in `sets` (by rate per SM and bytes per FLOP; `same_chip`, may be NULL, before all others), its rates
 * scaled, a few parameters fitted. Only a curve that is nearer to the fitted matmuls than the ramps is kept; the errors on
 * what was held out are stored, and those of all dtypes together made anew. Nothing happens to another kind of device,
 * or without a curve to start from. Part of no fc_calibration_fit, since it needs the shipped curves. */
fc_status fc_calibration_fit_kernels(fc_fit *fit, const fc_device_info *device, const fc_sample *samples,
                                     uint32_t samples_count, const fc_kernel_set *const *sets, size_t sets_count,
                                     const char *same_chip, fc_arena *arena, fc_error *error);
/* The kernel curve that answers for a matmul, NULL where there is none. */
const fc_kernel_curve *fc_calibration_kernel_of(const fc_fit *fit, const fc_sample *sample);
/* Stores the held-out errors of the matmuls of all dtypes together. Part of both fits. */
void fc_calibration_judge(fc_fit *fit, const fc_sample *samples, uint32_t samples_count);

/* Which matmuls an error is told of. */
typedef struct fc_fit_filter {
    uint32_t dtype;       /* fc_dtype; FC_DTYPE_COUNT: all */
    uint32_t shape_class; /* fc_shape_class; FC_SHAPE_CLASS_COUNT: all */
    uint32_t threads;     /* 1: on one thread of several; 2: on all; 0: both */
    uint8_t heldout_only;
} fc_fit_filter;

/* |fitted / measured - 1| over `count` matmuls; 0 where there are none. */
typedef struct fc_fit_error {
    double median_abs_error_frac;
    double p90_abs_error_frac;
    uint32_t count;
} fc_fit_error;

fc_fit_error fc_calibration_error(const fc_fit *fit, const fc_sample *samples, uint32_t samples_count,
                                  const fc_fit_filter *filter);
/* The curve that answers for a matmul, by its dtype and threads; NULL where that was not measured. */
const fc_fit_dtype *fc_calibration_curve_of(const fc_fit *fit, const fc_sample *sample);
/* Seconds the fit gives for a matmul sample, its layout, batch and threads included; 0 where its dtype was not measured. */
double fc_calibration_sample_s(const fc_fit *fit, const fc_sample *sample);
/* The most threads that a matmul ran on; 0 where none tells. */
uint32_t fc_calibration_threads(const fc_sample *samples, uint32_t samples_count);

/* Latency and bandwidth of each collective and number of ranks: least squares of relative error. Part of
 * fc_calibration_fit. */
fc_status fc_calibration_fit_collectives(fc_fit *out, const fc_sample *samples, uint32_t samples_count,
                                         fc_error *error);
/* Seconds that a fitted collective takes; 0 where no size was large enough to tell its bandwidth. */
double fc_calibration_collective_s(const fc_fit_collective *fitted, double bytes);

/* Seconds the fit gives for an m×n×k matmul with operands in memory: by the kernel curve where there is one, else launch_s +
 * max(curve of chip.h, bytes of the three matrices / memory_bytes_per_s), the second part only where memory was measured. 0 where the dtype was not measured. */
double fc_calibration_matmul_s(const fc_fit *fit, fc_dtype dtype, double m, double n, double k);

/* The chip "local" that a calibration describes, its peaks the fitted ceilings. Power is unknown (0), and so is the
 * memory rate where none was measured. Without collectives it is one chip without a network; with them, as many chips as
 * the widest fitted all-reduce (else all-gather, else reduce-scatter) had ranks are one scale-up domain of its latency
 * and bandwidth. FC_BAD_INPUT when no
 * dtype was measured. */
fc_status fc_calibration_chip(fc_chip *out, const fc_calibration *calibration, fc_error *error);

#ifdef __cplusplus
}
#endif
#endif
