/* import.c: which table this is, and from its rows to a calibration. */
#include "import.h"

#include "../base/text.h"
#include "import_rows.h"

#include <stdio.h>
#include <string.h>

const char *fc_import_kind_name(fc_import_kind kind) {
    static const char *const names[FC_IMPORT_KIND_COUNT] = {NULL, "gemm-csv", "nccl-tests", "mpi-osu", "mamf"};
    return kind < FC_IMPORT_KIND_COUNT ? names[kind] : NULL;
}

static bool is_json(const char *bytes) { return bytes[strspn(bytes, " \t\r\n")] == '{'; }

/* Words that only these tools print. */
static fc_import_kind guess(const char *bytes) {
    if (is_json(bytes) || strstr(bytes, "algbw") != NULL || strstr(bytes, "nccl-tests") != NULL) {
        return FC_IMPORT_NCCL_TESTS;
    }
    if (strstr(bytes, "OSU ") != NULL) {
        return FC_IMPORT_MPI_OSU;
    }
    if (strstr(bytes, "TFLOPS @") != NULL || strstr(bytes, "MxNxK") != NULL) {
        return FC_IMPORT_MAMF;
    }
    return memchr(bytes, ',', strcspn(bytes, "\r\n")) != NULL ? FC_IMPORT_GEMM_CSV : FC_IMPORT_GUESS;
}

static fc_status read_rows(fc_importing *in, char *bytes, size_t size, fc_error *error) {
    switch ((fc_import_kind)in->file->kind) {
    case FC_IMPORT_GEMM_CSV:
        return fc_import_gemm_csv(in, bytes, size, error);
    case FC_IMPORT_NCCL_TESTS:
        return is_json(bytes) ? fc_import_nccl_json(in, bytes, size, error)
                              : fc_import_nccl_text(in, bytes, size, error);
    case FC_IMPORT_MPI_OSU:
        return fc_import_osu(in, bytes, size, error);
    case FC_IMPORT_MAMF:
        return fc_import_mamf(in, bytes, size, error);
    default:
        return fc_import_error(in, 1, error,
                               "no table that is known: expected is a CSV with the columns m,n,k,dtype and a time, or "
                               "what nccl-tests, the OSU micro-benchmarks or mamf-finder print; --kind says which");
    }
}

static fc_status read_file(fc_importing *in, const char *path, fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    in->file->path = path;
    in->file->kind = in->options->kind;
    FC_TRY(fc_file_read(&bytes, &size, in->arena, path, error));
    const char *zero = memchr(bytes, '\0', size);
    if (zero != NULL) {
        int32_t line = 1;
        for (const char *at = bytes; at < zero; at++) {
            line += *at == '\n';
        }
        return fc_import_error(in, line, error,
                               "this is no text: byte %zu of the file is zero; save the table as UTF-8 text",
                               (size_t)(zero - bytes) + 1);
    }
    size_t mark = strncmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    bytes += mark;
    size -= mark;
    if (bytes[strspn(bytes, " \t\r\n")] == '\0') {
        return fc_import_error(in, 0, error, "the file is empty: there is no table in it");
    }
    if (in->file->kind == FC_IMPORT_GUESS) {
        in->file->kind = guess(bytes);
    }
    FC_TRY(read_rows(in, bytes, size, error));
    if (in->file->rows_count == 0) {
        return fc_import_error(in, 0, error, "no row of a %s table is in this file",
                               fc_import_kind_name((fc_import_kind)in->file->kind));
    }
    return FC_OK;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Where the figures come from, in the file and wherever `local` is named. File names go through as one clean line. */
static void describe(fc_calibration *out, const fc_importing *in) {
    (void)fc_text_copy(out->machine.cpu, sizeof out->machine.cpu, "unknown");
    (void)fc_text_copy(out->machine.kernel, sizeof out->machine.kernel, "unknown");
    (void)fc_text_copy(out->machine.governor, sizeof out->machine.governor, "unknown");
    (void)fc_text_copy(out->machine.simd, sizeof out->machine.simd, "unknown");
    fc_device_info *device = &out->device;
    (void)fc_text_copy(device->backend, sizeof device->backend, "import");
    const char *name = in->options->chip_name != NULL ? in->options->chip_name : in->device_name;
    fc_text_excerpt(device->name, sizeof device->name,
                    name[0] != '\0' ? name : "a device that the table does not name");
    (void)fc_text_copy(device->driver, sizeof device->driver, "unknown");
    char all[FC_TEXT_SIZE] = "imported from";
    size_t used = strlen(all);
    for (uint32_t i = 0; i < in->report->files_count && used < sizeof all; i++) {
        const fc_import_file *file = &in->report->files[i];
        int written = snprintf(all + used, sizeof all - used, "%s %s (%s)", i > 0 ? "," : "", base_name(file->path),
                               fc_import_kind_name((fc_import_kind)file->kind));
        used += written > 0 ? (size_t)written : 0;
    }
    fc_text_excerpt(device->library, sizeof device->library, all);
}

static fc_status finish(fc_importing *in, fc_error *error) {
    fc_calibration *out = &in->report->calibration;
    describe(out, in);
    out->samples = in->samples;
    out->samples_count = in->samples_count;
    fc_calibration_draw_heldout(out->samples, out->samples_count, in->options->seed);
    fc_error reason = {.status = FC_OK};
    fc_status status = fc_calibration_fit(&out->fit, out->samples, out->samples_count, &reason);
    if (status == FC_OK) {
        return FC_OK;
    }
    return fc_error_set(error, status, in->report->files[0].path, 0, 0,
                        "%u matmul%s in it: a fit needs 6 different shapes of one dtype or more", in->samples_count,
                        in->samples_count == 1 ? "" : "s");
}

fc_status fc_import_files(fc_import_report *out, fc_arena *arena, const char *const *paths, uint32_t paths_count,
                          const fc_import_options *options, fc_error *error) {
    memset(out, 0, sizeof *out);
    fc_importing *in = fc_arena_alloc(arena, sizeof *in);
    fc_sample *samples = fc_arena_alloc(arena, FC_MAX_SAMPLES * sizeof *samples);
    if (in == NULL || samples == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %d samples", FC_MAX_SAMPLES);
    }
    if (paths_count > FC_IMPORT_MOST_FILES) {
        return fc_error_set(error, FC_OVER_LIMIT, "--import", 0, 0, "%u files; at most %d are taken together",
                            paths_count, FC_IMPORT_MOST_FILES);
    }
    in->arena = arena;
    in->options = options;
    in->report = out;
    in->samples = samples;
    for (uint32_t i = 0; i < paths_count; i++) {
        in->file = &out->files[out->files_count++];
        FC_TRY(read_file(in, paths[i], error));
    }
    return finish(in, error);
}
