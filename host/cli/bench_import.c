#include "bench_import.h"

#include "../doors/import.h"
#include "bench_chip.h"
#include "bench_rates.h"
#include "bench_text.h"

#include <string.h>

#define SOURCE "command line"

fc_status fc_bench_import_check(const fc_args *args, fc_error *error) {
    static const char *const alone[] = {"--backend", "--budget", "--replay"};
    static const char *const needing[] = {"--kind", "--chip-name", "--ranks"};
    bool imports = fc_args_has(args, "--import");
    for (size_t i = 0; i < 3; i++) {
        if (imports && fc_args_has(args, alone[i])) {
            return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                                "%s goes with a measurement; --import FILE reads one that was made elsewhere",
                                alone[i]);
        }
        if (!imports && fc_args_has(args, needing[i])) {
            return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "%s goes with --import FILE alone", needing[i]);
        }
    }
    return FC_OK;
}

static fc_status parse_kind(uint32_t *out, const fc_args *args, fc_error *error) {
    const char *names[FC_IMPORT_KIND_COUNT - 1];
    const char *word = fc_args_value(args, "--kind");
    *out = FC_IMPORT_GUESS;
    if (word == NULL) {
        return FC_OK;
    }
    for (uint32_t kind = 1; kind < FC_IMPORT_KIND_COUNT; kind++) {
        names[kind - 1] = fc_import_kind_name((fc_import_kind)kind);
        if (strcmp(names[kind - 1], word) == 0) {
            *out = kind;
            return FC_OK;
        }
    }
    const char *nearest = fc_text_nearest(word, names, FC_IMPORT_KIND_COUNT - 1);
    return fc_error_set(
        error, FC_USAGE, SOURCE, 0, 0, "--kind %.32s is unknown%s%s%s; allowed are gemm-csv, nccl-tests, mpi-osu, mamf",
        word, nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

static fc_status parse_dtype(uint32_t *out, uint32_t bits, fc_error *error) {
    *out = FC_DTYPE_COUNT;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        if (bits == 1U << dtype) {
            *out = dtype;
        }
    }
    return bits == 0 || *out < FC_DTYPE_COUNT
               ? FC_OK
               : fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                              "--dtype names the one format of a table that does not tell it; found several");
}

static fc_status parse(fc_import_options *out, const fc_bench_import *import, fc_error *error) {
    const fc_args *args = import->context->args;
    uint64_t ranks = 0;
    *out = (fc_import_options){.chip_name = fc_args_value(args, "--chip-name"), .seed = import->seed};
    FC_TRY(parse_kind(&out->kind, args, error));
    FC_TRY(parse_dtype(&out->dtype, import->dtypes, error));
    FC_TRY(fc_args_u64(&ranks, args, "--ranks", 0, 2, FC_MOST_RANKS, error));
    out->ranks = (uint32_t)ranks;
    if (out->chip_name != NULL && (out->chip_name[0] == '\0' || strlen(out->chip_name) >= FC_NAME_SIZE)) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "--chip-name is a text of 1 to %d bytes", FC_NAME_SIZE - 1);
    }
    return FC_OK;
}

/* File names come from strangers too. */
static const char *clean(fc_arena *arena, const char *path) {
    char text[FC_TEXT_SIZE];
    fc_text_excerpt(text, sizeof text, path);
    const char *copy = fc_arena_strdup(arena, text);
    return copy != NULL ? copy : "";
}

static void write_file(fc_text *out, const fc_import_file *file, bool guessed) {
    fc_text_addf(out, "  %s: %s%s, %u case%s", clean(out->arena, file->path),
                 fc_import_kind_name((fc_import_kind)file->kind), guessed ? " (by its content)" : "",
                 file->samples_count, file->samples_count == 1 ? "" : "s");
    if (file->repeated_count > 0) {
        fc_text_addf(out, "; %u repeated, line %d first: the faster is kept", file->repeated_count,
                     file->repeated_line);
    }
    if (file->empty_count > 0) {
        fc_text_addf(out, "; %u row%s without bytes or time left out", file->empty_count,
                     file->empty_count == 1 ? "" : "s");
    }
    if (file->unused[0] != '\0') {
        fc_text_addf(out, "; not used: %s", file->unused);
    }
    fc_text_add(out, "\n");
}

/* A sweep over m and n says nothing of k, though the curve has a number for it. */
static void write_shared(fc_text *out, const fc_calibration *calibration, uint32_t dtype) {
    static const char names[] = "mnk";
    uint32_t first[3] = {0, 0, 0};
    bool varies[3] = {false, false, false};
    for (uint32_t i = 0; i < calibration->samples_count; i++) {
        const fc_sample *sample = &calibration->samples[i];
        const uint32_t sizes[3] = {sample->m, sample->n, sample->k};
        for (size_t axis = 0; axis < 3 && sample->kind == FC_SAMPLE_MATMUL && sample->dtype == dtype; axis++) {
            varies[axis] = varies[axis] || (first[axis] != 0 && first[axis] != sizes[axis]);
            first[axis] = sizes[axis];
        }
    }
    for (size_t axis = 0; axis < 3; axis++) {
        if (first[axis] != 0 && !varies[axis]) {
            fc_text_addf(out, "All %s shapes have %c = %u: for another %c the fit is a guess.\n",
                         fc_dtype_name((fc_dtype)dtype), names[axis], first[axis], names[axis]);
        }
    }
}

static void write_next(fc_text *out, const fc_calibration *calibration, const char *path) {
    bool any = false;
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        any = any || calibration->fit.dtype[dtype].peak_flop_per_s > 0.0;
    }
    fc_text_addf(out, "\nWritten to %s\n", clean(out->arena, path));
    if (!any) {
        fc_text_add(out, "There are no matmuls in it: an estimate needs some; import both tables together.\n");
        return;
    }
    fc_text_addf(out,
                 "The memory is not in such tables: state it, as in\n"
                 "Next: flopcast estimate local-gpt2 --calibration %s --set cluster.chip.memory_bw=1TB/s --set "
                 "cluster.chip.memory=32GiB\n",
                 clean(out->arena, path));
}

fc_status fc_bench_import_read(fc_calibration *out, fc_text *text, const fc_bench_import *import, fc_error *error) {
    const fc_args *args = import->context->args;
    const char *paths[FC_IMPORT_MOST_FILES + 1];
    uint32_t count = 0;
    while (count <= FC_IMPORT_MOST_FILES && fc_args_nth(args, "--import", (int)count) != NULL) {
        paths[count] = fc_args_nth(args, "--import", (int)count);
        count++;
    }
    fc_import_options options;
    fc_import_report *report = fc_arena_alloc(text->arena, sizeof *report);
    if (report == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for the report");
    }
    FC_TRY(parse(&options, import, error));
    FC_TRY(fc_import_files(report, text->arena, paths, count, &options, error));
    *out = report->calibration;
    fc_bench_chip chip;
    FC_TRY(fc_bench_chip_find(&chip, import->context, &out->device, error));
    out->sheet = chip.sheet;
    fc_text_addf(text, "Imported, not measured here: %s, %u cases.\n", out->device.name, out->samples_count);
    for (uint32_t i = 0; i < report->files_count; i++) {
        write_file(text, &report->files[i], options.kind == FC_IMPORT_GUESS);
    }
    if (options.chip_name != NULL) {
        fc_bench_write_sheet(text, out);
    }
    fc_bench_text_fit(text, out);
    for (uint32_t dtype = 0; dtype < FC_DTYPE_COUNT; dtype++) {
        write_shared(text, out, dtype);
    }
    write_next(text, out, import->path);
    return FC_OK;
}
