/* startup.c: what one `flopcast estimate` costs its user: seconds from start to exit, and memory at its peak. */
#define _DEFAULT_SOURCE /* wait4: the only call that tells the peak of one child */

#include "self_bench.h"

#include "base/stats.h"
#include "flopcast/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOAL_MS 20.0
#define GOAL_MIB 32.0

/* In the child: the program, its output thrown away. Returns only if it could not be started. */
static void become_estimate(const fc_self_options *options) {
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) {
        return;
    }
    execl(options->program, options->program, "estimate", options->study, "--data", options->data_folder, "--quiet",
          (char *)NULL);
}

static fc_status run_once(double *out_ms, double *out_mib, const fc_self_options *options, fc_error *error) {
    double start_s = fc_measure_now_s();
    pid_t child = fork();
    if (child == 0) {
        become_estimate(options);
        _exit(127);
    }
    int state = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &state, 0, &usage) < 0) {
        return fc_error_set(error, FC_FAILED, options->program, 0, 0, "cannot be run: %s", strerror(errno));
    }
    *out_ms = (fc_measure_now_s() - start_s) * 1e3;
    *out_mib = (double)usage.ru_maxrss / 1024.0;
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        return fc_error_set(error, FC_FAILED, options->program, 0, 0, "`estimate %.200s` ended with %s %d",
                            options->study, WIFEXITED(state) ? "exit code" : "signal",
                            WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state));
    }
    return FC_OK;
}

static void print_row(const char *what, const char *unit, double *values, uint32_t count, double goal) {
    fc_stats_sort(values, count);
    fc_self_row row = {what, unit, values[0], fc_stats_quantile(values, count, 0.5), goal, false};
    fc_self_print(&row);
}

fc_status fc_self_startup(const fc_self_options *options, fc_error *error) {
    uint32_t count = options->runs_count;
    double *values = calloc((size_t)count * 2, sizeof *values);
    if (values == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %u timings", count);
    }
    double *ms = values;
    double *mib = values + count;
    /* The first run reads the program from disk; it is not one of those that count. */
    fc_status status = run_once(&ms[0], &mib[0], options, error);
    for (uint32_t i = 0; i < count && status == FC_OK; i++) {
        status = run_once(&ms[i], &mib[i], options, error);
    }
    if (status == FC_OK) {
        print_row("estimate, 100 T parameters, start to exit", "ms", ms, count, GOAL_MS);
        print_row("the same, memory at its peak", "MiB", mib, count, GOAL_MIB);
    }
    free(values);
    return status;
}
