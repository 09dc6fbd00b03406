/* import_mamf.c: the progress and the results that mamf-finder.py prints (stas00/ml-engineering, versions 1 to 4).
 *
 *   v1    "    12 |  101.5 TFLOPS @ 256x4096x4096 | best: …"     and "The best outcome was 101.5 TFLOPS @ … (MxNxK) …"
 *   v2    "    12 | 100.9(mean) 101.0(median) 103.2(max) @ 256x4096x4096 | best: …"    and "median: 101.0 TFLOPS @ …"
 *   v3 on "    12  256x4096x4096   100.9  101.0  103.2 …" under "MxNxK mean median max best"
 *
 * Medians are taken where there are several figures. Bests repeat a row before them; the fastest single iteration and
 * the boost burst (max, MAMF) are no times that a training step sees.
 */
#include "import_rows.h"

#include "../base/text.h"
#include "../base/units.h"

#include <string.h>

typedef struct mamf_row {
    const char *shape;
    const char *rate;
} mamf_row;

/* "4096x4096x1024", whatever follows a blank. False when it is no shape. */
static bool read_shape(double out[4], char *text) {
    out[3] = 1.0;
    for (size_t i = 0; i < 3; i++) {
        size_t length = strspn(text, "0123456789");
        char after = text[length];
        bool ends_well = i < 2 ? after == 'x' : (after == '\0' || after == ' ');
        if (length == 0 || length > 10 || !ends_well) {
            return false;
        }
        text[length] = '\0';
        if (fc_units_parse(&out[i], text, FC_UNIT_NONE, NULL) != FC_OK) {
            return false;
        }
        text += length + 1;
    }
    return true;
}

/* The last word before `end`, its ending `unit` cut off. NULL when it has not that ending. */
static char *word_before(char *line, char *end, const char *unit) {
    while (end > line && end[-1] == ' ') {
        end--;
    }
    *end = '\0';
    size_t length = strlen(unit);
    if ((size_t)(end - line) < length || strcmp(end - length, unit) != 0) {
        return NULL;
    }
    end -= length;
    while (end > line && end[-1] == ' ') {
        end--;
    }
    *end = '\0';
    char *begin = end;
    while (begin > line && begin[-1] != ' ') {
        begin--;
    }
    return begin;
}

/* Which figure this line holds, if any. Cuts the line up. */
static bool find_row(mamf_row *row, char *line, bool is_table) {
    *row = (mamf_row){NULL, NULL};
    char *best = strchr(line, '|');
    best = best != NULL ? strchr(best + 1, '|') : NULL;
    if (best != NULL) {
        *best = '\0';
    }
    char *at = strstr(line, " @ ");
    if (at != NULL) {
        bool unwanted = fc_text_starts(line, "mean:") || fc_text_starts(line, "max:") || fc_text_starts(line, "MAMF");
        if (unwanted || (strstr(line, "TFLOPS") == NULL && strstr(line, "(median)") == NULL)) {
            return false;
        }
        row->shape = at + 3;
        char *median = strstr(line, "(median)");
        row->rate = median != NULL && median < at ? word_before(line, median, "") : word_before(line, at, "TFLOPS");
        return true;
    }
    char *words[FC_IMPORT_WORDS];
    size_t count = is_table ? fc_import_words(words, line) : 0;
    if (count < 2 || !fc_import_is_digits(words[0])) {
        return false;
    }
    row->shape = words[1];
    row->rate = count > 3 ? words[3] : NULL;
    return true;
}

static fc_status take_row(fc_importing *in, const mamf_row *row, uint32_t dtype, int32_t line, fc_error *error) {
    double mnk[4];
    char shape[80];
    fc_text_excerpt(shape, sizeof shape, row->shape);
    if (row->rate == NULL || !read_shape(mnk, shape)) {
        fc_text_excerpt(shape, sizeof shape, row->shape);
        return fc_import_error(in, line, error,
                               "\"%.60s\" follows %s; expected is a rate in TFLOPS and a shape such as 4096x4096x1024",
                               shape, row->rate != NULL ? "a rate" : "no rate");
    }
    if (dtype == FC_DTYPE_COUNT) {
        return fc_import_error(in, line, error,
                               "no line \"** Dtype: …\" tells the number format: add --dtype bf16 or "
                               "the one it was");
    }
    double tflop_per_s = 0.0;
    FC_TRY(fc_import_number(&tflop_per_s, in, row->rate, "the rate", line, error));
    double seconds = 2.0 * mnk[0] * mnk[1] * mnk[2] / (1e12 * tflop_per_s);
    return fc_import_matmul(in, dtype, mnk, seconds, line, error);
}

/* "- _CudaDeviceProperties(name='…', …": what torch says of the device. */
static void read_device(fc_importing *in, const char *line) {
    const char *name = strstr(line, "DeviceProperties(name='");
    if (name == NULL || in->device_name[0] != '\0') {
        return;
    }
    name += strlen("DeviceProperties(name='");
    char text[FC_TEXT_SIZE];
    size_t length = strcspn(name, "'");
    length = length < sizeof text ? length : sizeof text - 1;
    memcpy(text, name, length);
    text[length] = '\0';
    fc_text_excerpt(in->device_name, sizeof in->device_name, text);
}

fc_status fc_import_mamf(fc_importing *in, char *bytes, size_t size, fc_error *error) {
    uint32_t dtype = in->options->dtype;
    bool is_table = false;
    fc_import_lines lines = fc_import_lines_of(bytes, size);
    for (char *line = fc_import_next_line(&lines); line != NULL; line = fc_import_next_line(&lines)) {
        line += strspn(line, " \t");
        if (fc_text_starts(line, "** Dtype: ")) {
            char *name = line + strlen("** Dtype: ");
            name[strcspn(name, " \t")] = '\0';
            if (!fc_import_dtype(&dtype, name)) {
                return fc_import_refuse_dtype(in, name, lines.number, error);
            }
            continue;
        }
        read_device(in, line);
        is_table = is_table || (line[0] == '#' && strstr(line, "MxNxK") != NULL && strstr(line, "median") != NULL);
        mamf_row row;
        if (find_row(&row, line, is_table)) {
            FC_TRY(take_row(in, &row, dtype, lines.number, error));
        }
    }
    return FC_OK;
}
