/* sweep.c: the parts of a sweep that do not depend on who makes the rows. */
#include "sweep.h"

#include "studies.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SOURCE "command line"
#define SHOW_S 0.5

/* Before each row, on its way to the writer: whether it has an answer. */
#define ANSWERED '+'
#define UNANSWERED '-'

const fc_option FC_SWEEP_OPTIONS[] = {
    {"--axes", "FILE", false, "the axes, where the study has none or others are wanted"},
    {"--ranges", NULL, false, "days and dollars as p10, p50 and p90 too; takes several times as long"},
    {"--format", "FORMAT", false, "csv or jsonl; left out: by the ending of -o, else csv"},
    {"-o", "FILE", false, "write there instead of stdout, row by row as they come"},
    {"--resume", NULL, false, "go on with the rows that -o FILE has; where there are none, begin"},
    {"--threads", "N", false, "left out: all there are; of flopcast-mpi, for each rank: 1"},
    {NULL, NULL, false, NULL},
};

/* ---- the command line ------------------------------------------------------------------------------------------------ */

static fc_status parse_format(fc_sweep_format *out, const fc_args *args, fc_error *error) {
    fc_format format = FC_FORMAT_TEXT;
    FC_TRY(fc_args_format(&format, args, "cl", error));
    *out = format == FC_FORMAT_JSONL ? FC_SWEEP_JSONL : FC_SWEEP_CSV;
    return FC_OK;
}

fc_status fc_sweep_parse(fc_sweep_command *out, fc_context *context, uint32_t threads_default, fc_error *error) {
    const fc_args *args = context->args;
    const char *name = NULL;
    fc_config config;
    uint64_t threads = 0;
    memset(out, 0, sizeof *out);
    out->context = context;
    out->resume = fc_args_has(args, "--resume");
    out->path = fc_args_value(args, "-o");
    out->path = out->path != NULL && strcmp(out->path, "-") == 0 ? NULL : out->path;
    if (out->resume && out->path == NULL) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "--resume goes on with a file: name it with -o FILE");
    }
    FC_TRY(parse_format(&out->format, args, error));
    uint64_t usual = threads_default < FC_QUEUE_MOST_THREADS ? threads_default : FC_QUEUE_MOST_THREADS;
    FC_TRY(fc_args_u64(&threads, args, "--threads", usual, 1, FC_QUEUE_MOST_THREADS, error));
    out->threads = (uint32_t)threads;
    FC_TRY(fc_studies_name(&name, context, error));
    FC_TRY(fc_studies_config(&config, context, error));
    return fc_sweep_read(&out->sweep, &config, name, fc_args_value(args, "--axes"), fc_args_has(args, "--ranges"),
                         error);
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

static fc_status judge(void *user, uint64_t index, const char *line, size_t size, bool whole, fc_error *error) {
    const fc_sweep_command *command = user;
    return fc_sweep_judge_row(&command->sweep, command->format, index, line, size, whole, command->path, error);
}

static fc_status write_head(const char **out, const fc_sweep_command *command, fc_error *error) {
    fc_text head = fc_text_start(command->context->arena);
    fc_sweep_write_head(&head, &command->sweep, command->format);
    *out = head.bytes;
    return head.failed ? fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the heading") : FC_OK;
}

static bool is_regular(const char *path) {
    struct stat about;
    return path != NULL && stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Hours of work are not to be lost to a --resume forgotten. Anything else there is replaced, as by any command. */
static fc_status protect_unfinished(fc_sweep_command *command, const char *head, fc_error *error) {
    if (!is_regular(command->path)) {
        return FC_OK;
    }
    fc_error other = {.status = FC_OK};
    uint64_t count = 0;
    fc_status status = fc_journal_resume(&command->journal, &count, command->path, head, judge, command, &other);
    if (status == FC_BAD_INPUT) {
        return FC_OK;
    }
    if (status != FC_OK) {
        *error = other;
        return status;
    }
    FC_TRY(fc_journal_close(&command->journal, false, error));
    if (count > 0 && count < command->sweep.rows_count) {
        return fc_error_set(error, FC_USAGE, command->path, 0, 0,
                            "holds %llu of the %llu rows of this very sweep: --resume goes on with them; to begin anew "
                            "delete the file",
                            (unsigned long long)count, (unsigned long long)command->sweep.rows_count);
    }
    return FC_OK;
}

fc_status fc_sweep_open(fc_sweep_command *command, fc_error *error) {
    const char *head = NULL;
    FC_TRY(write_head(&head, command, error));
    command->context->wrote_output = true;
    if (command->resume) {
        FC_TRY(fc_journal_resume(&command->journal, &command->begin, command->path, head, judge, command, error));
        if (command->begin > 0) {
            fc_note(command->context, "%llu of %llu rows are there already", (unsigned long long)command->begin,
                    (unsigned long long)command->sweep.rows_count);
        }
        return FC_OK;
    }
    FC_TRY(protect_unfinished(command, head, error));
    return fc_journal_create(&command->journal, command->path, head, error);
}

/* ---- the work -------------------------------------------------------------------------------------------------------- */

fc_status fc_sweep_make(void *user, uint32_t worker, uint64_t row, fc_text *out, fc_error *error) {
    (void)worker;
    const fc_sweep_command *command = user;
    fc_sweep_result *result = fc_arena_alloc(out->arena, sizeof *result);
    if (result == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for a row of the sweep");
    }
    FC_TRY(fc_sweep_point(result, &command->sweep, row, out->arena, error));
    fc_text_add(out, result->status == FC_OK ? (char[]){ANSWERED, '\0'} : (char[]){UNANSWERED, '\0'});
    return fc_sweep_write_row(out, &command->sweep, command->format, row, result, error);
}

static fc_status take(void *user, uint64_t row, const char *bytes, size_t size, fc_error *error) {
    fc_sweep_command *command = user;
    (void)row;
    if (size == 0) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "a row arrived empty: a mistake of the program");
    }
    command->refused_count += bytes[0] == UNANSWERED;
    return fc_journal_add(&command->journal, bytes + 1, size - 1, error);
}

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show_progress(fc_sweep_command *command, uint64_t done) {
    const fc_context *context = command->context;
    if (!context->terminal || context->quiet || command->path == NULL) {
        return;
    }
    bool last = done == command->sweep.rows_count;
    if (last || now_s() - command->shown_s > SHOW_S) {
        command->shown_s = now_s();
        fprintf(stderr, "\r%llu of %llu rows%s", (unsigned long long)done,
                (unsigned long long)command->sweep.rows_count, last ? "\n" : "");
        fflush(stderr);
    }
}

static fc_status settle(void *user, uint64_t done, fc_error *error) {
    fc_sweep_command *command = user;
    show_progress(command, done);
    return fc_journal_settle(&command->journal, error);
}

fc_queue_job fc_sweep_job(fc_sweep_command *command, uint32_t workers) {
    return (fc_queue_job){.begin = command->begin,
                          .end = command->sweep.rows_count,
                          .workers = workers,
                          .user = command,
                          .take = take,
                          .settle = settle};
}

fc_status fc_sweep_close(fc_sweep_command *command, fc_status status, fc_error *error) {
    fc_status closed = fc_journal_close(&command->journal, status == FC_OK, status == FC_OK ? error : NULL);
    if (status == FC_OK && command->refused_count > 0) {
        fc_note(command->context, "%llu of %llu points have no answer: the columns status and reason say why",
                (unsigned long long)command->refused_count,
                (unsigned long long)(command->sweep.rows_count - command->begin));
    }
    if (status != FC_OK && command->path != NULL && error != NULL) {
        char text[sizeof error->text];
        (void)snprintf(text, sizeof text, "%s", error->text);
        (void)snprintf(error->text, sizeof error->text,
                       "%.700s; the rows made so far are in %.200s: the same command "
                       "with --resume goes on",
                       text, command->path);
    }
    return status != FC_OK ? status : closed;
}
