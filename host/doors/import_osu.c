/* import_osu.c: what the OSU micro-benchmarks print: a title, a heading with units, a size and a time a line. */
#include "import_rows.h"

#include "../base/text.h"

#include <string.h>

typedef struct osu_table {
    uint32_t op;  /* fc_collective_op; NONE: no title yet */
    bool is_rate; /* MB/s (10^6 bytes), else microseconds */
    bool has_heading;
    uint32_t dtype; /* FC_DTYPE_COUNT: plain bytes */
} osu_table;

#define ALLOWED "osu_allreduce, osu_allgather, osu_reduce_scatter, osu_alltoall, osu_bw and osu_latency"

/* "# OSU MPI-CUDA Allreduce Latency Test v7.3": the words between the library and "Latency", "Bandwidth". */
static uint32_t op_of_title(const char *title) {
    static const struct {
        const char *words;
        fc_collective_op op;
    } titles[] = {{"Allreduce Latency", FC_COLLECTIVE_ALL_REDUCE},
                  {"Allgather Latency", FC_COLLECTIVE_ALL_GATHER},
                  {"Reduce_scatter Latency", FC_COLLECTIVE_REDUCE_SCATTER},
                  {"All-to-All Latency", FC_COLLECTIVE_ALL_TO_ALL},
                  {"All-to-All Personalized Exchange Latency", FC_COLLECTIVE_ALL_TO_ALL},
                  {"Latency", FC_COLLECTIVE_SEND_RECV},
                  {"Bandwidth", FC_COLLECTIVE_SEND_WINDOW}};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        size_t length = strlen(titles[i].words);
        if (strncmp(title, titles[i].words, length) == 0 && fc_text_starts(title + length, " Test")) {
            return titles[i].op;
        }
    }
    return FC_COLLECTIVE_NONE;
}

static fc_status read_title(osu_table *table, fc_importing *in, const char *title, int32_t line, fc_error *error) {
    *table = (osu_table){.dtype = FC_DTYPE_COUNT};
    const char *words = strchr(title, ' ');
    table->op = words != NULL ? op_of_title(words + 1) : FC_COLLECTIVE_NONE;
    if (table->op == FC_COLLECTIVE_NONE) {
        char found[100];
        fc_text_excerpt(found, sizeof found, title);
        return fc_import_error(in, line, error, "\"OSU %s\" is not taken; allowed are " ALLOWED, found);
    }
    return FC_OK;
}

static fc_status read_heading(osu_table *table, fc_importing *in, const char *heading, int32_t line, fc_error *error) {
    const char *unit = table->op == FC_COLLECTIVE_SEND_WINDOW ? "(MB/s)" : "(us)";
    if (strstr(heading, unit) == NULL) {
        char found[100];
        fc_text_excerpt(found, sizeof found, heading);
        return fc_import_error(in, line, error, "the heading is \"%s\"; expected is Size and a column in %s", found,
                               unit);
    }
    table->is_rate = table->op == FC_COLLECTIVE_SEND_WINDOW;
    table->has_heading = true;
    return FC_OK;
}

/* The size is of one piece: an all-gather's and an all-to-all's buffer holds one of each rank. */
static double buffer_bytes(const osu_table *table, double size_bytes, double ranks) {
    bool of_pieces = table->op == FC_COLLECTIVE_ALL_GATHER || table->op == FC_COLLECTIVE_ALL_TO_ALL;
    return of_pieces ? size_bytes * ranks : size_bytes;
}

static fc_status read_row(const osu_table *table, fc_importing *in, char *line, int32_t number, fc_error *error) {
    char *words[FC_IMPORT_WORDS];
    size_t count = fc_import_words(words, line);
    if (count == 0 || !fc_import_is_digits(words[0])) {
        return FC_OK;
    }
    if (!table->has_heading) {
        return fc_import_error(
            in, number, error,
            "a row without a heading before it; expected is \"# Size  Avg Latency(us)\" or \"# Size  "
            "Bandwidth (MB/s)\"");
    }
    if (count < 2) {
        return fc_import_error(in, number, error, "1 column found, 2 or more expected: the size and a %s",
                               table->is_rate ? "bandwidth" : "time");
    }
    bool is_pair = table->op == FC_COLLECTIVE_SEND_RECV || table->op == FC_COLLECTIVE_SEND_WINDOW;
    uint32_t ranks = is_pair ? 2 : in->options->ranks;
    if (ranks == 0) {
        return fc_import_error(in, number, error, "this table does not tell how many ranks took part: add --ranks N");
    }
    double size_bytes = 0.0;
    double value = 0.0;
    if (strspn(words[0], "0") == strlen(words[0])) {
        in->file->empty_count++;
        return FC_OK;
    }
    FC_TRY(fc_import_number(&size_bytes, in, words[0], "the size", number, error));
    FC_TRY(fc_import_number(&value, in, words[1], table->is_rate ? "the bandwidth" : "the latency", number, error));
    fc_sample sample = {.dtype = table->dtype,
                        .collective_op = table->op,
                        .ranks = ranks,
                        .bytes = buffer_bytes(table, size_bytes, ranks),
                        .seconds = table->is_rate ? 1e-6 * size_bytes / value : 1e-6 * value};
    return fc_import_collective(in, &sample, number, error);
}

fc_status fc_import_osu(fc_importing *in, char *bytes, size_t size, fc_error *error) {
    osu_table table = {.dtype = FC_DTYPE_COUNT};
    fc_import_lines lines = fc_import_lines_of(bytes, size);
    for (char *line = fc_import_next_line(&lines); line != NULL; line = fc_import_next_line(&lines)) {
        char *text = line + strspn(line, " \t#");
        if (fc_text_starts(text, "OSU ")) {
            FC_TRY(read_title(&table, in, text + 4, lines.number, error));
        } else if (fc_text_starts(text, "Datatype: ")) {
            char *type = text + 10;
            type[strcspn(type, ". \t")] = '\0';
            (void)fc_import_dtype(&table.dtype, type);
        } else if (fc_text_starts(text, "Size") && table.op != FC_COLLECTIVE_NONE) {
            FC_TRY(read_heading(&table, in, text, lines.number, error));
        } else {
            FC_TRY(read_row(&table, in, text, lines.number, error));
        }
    }
    return FC_OK;
}
