/* main.c: flopcast_self_bench PROGRAM STUDY DATA_FOLDER RUNS, or step|search STUDIES_FOLDER DATA_FOLDER RUNS, or trials
 * RUNS, or bare CALIBRATION. Called by run.sh; prints a table, judges nothing. */
#include "self_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fc_self_print(const fc_self_row *row) {
    printf("%-44s %12.4g %12.4g %-8s", row->what, row->least, row->median, row->unit);
    if (row->goal > 0.0) {
        printf(" %10.4g %8.2f", row->goal, row->more_is_better ? row->goal / row->median : row->median / row->goal);
    }
    putchar('\n');
}

/* 0 where the text is no count of runs. */
static uint32_t runs_of(const char *text) {
    long runs_count = strtol(text, NULL, 10);
    if (runs_count < 1 || runs_count > 10000) {
        fprintf(stderr, "flopcast_self_bench: RUNS is %.40s, and goes from 1 to 10000\n", text);
        return 0;
    }
    return (uint32_t)runs_count;
}

static void print_heading(void) {
    printf("%-44s %12s %12s %-8s %10s %8s\n", "", "least", "median", "unit", "goal", "ratio");
}

static int fail(const fc_error *error) {
    char text[sizeof error->text + sizeof error->source + 32];
    fc_error_format(error, text, sizeof text);
    fprintf(stderr, "flopcast_self_bench: %s\n", text);
    return (int)error->status;
}

int main(int argc, char **argv) {
    fc_error error = {0};
    if (argc == 3 && strcmp(argv[1], "trials") == 0) {
        uint32_t count = runs_of(argv[2]);
        print_heading();
        return count > 0 ? (int)fc_self_trials(count) : FC_USAGE;
    }
    if (argc == 3 && strcmp(argv[1], "bare") == 0) {
        print_heading();
        return fc_self_bare(argv[2], &error) == FC_OK ? 0 : fail(&error);
    }
    if (argc != 5) {
        fprintf(
            stderr,
            "usage: flopcast_self_bench PROGRAM STUDY DATA_FOLDER RUNS | step|search STUDIES_FOLDER DATA_FOLDER RUNS | "
            "trials RUNS | "
            "bare CALIBRATION\n");
        return FC_USAGE;
    }
    uint32_t runs_count = runs_of(argv[4]);
    if (runs_count == 0) {
        return FC_USAGE;
    }
    fc_self_options options = {argv[1], argv[2], argv[3], runs_count};
    print_heading();
    if (strcmp(argv[1], "step") == 0) {
        return fc_self_step(&options, &error) == FC_OK ? 0 : fail(&error);
    }
    if (strcmp(argv[1], "search") == 0) {
        return fc_self_search(&options, &error) == FC_OK ? 0 : fail(&error);
    }
    /* Processes first: a child's peak memory starts from what this process holds when it is made. */
    if (fc_self_startup(&options, &error) != FC_OK || fc_self_chain(&options, &error) != FC_OK) {
        return fail(&error);
    }
    return fflush(stdout) == 0 ? 0 : FC_FAILED;
}
