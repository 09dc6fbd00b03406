/* import_nccl.c: what the programs of nccl-tests and rccl-tests print, as text and as JSON (their src/util.cu, version
 * 2.18). Out-of-place columns: those that every version has. */
#include "import_rows.h"

#include "../base/text.h"
#include "../base/tree.h"
#include "../base/units.h"

#include <math.h> /* fabs */
#include <string.h>

#define ALLOWED "all_reduce_perf, all_gather_perf, reduce_scatter_perf, alltoall_perf and sendrecv_perf"
/* The time has three digits or more and algbw two decimals: beyond this they do not belong to the same row. */
#define MOST_DISAGREEMENT_FRAC 0.1
#define LEAST_COMPARED_GB_PER_S 1.0

typedef struct nccl_table {
    uint32_t op; /* fc_collective_op; NONE: not told yet */
    uint32_t ranks;
    size_t time_column;         /* 0: no heading yet */
    char refused[FC_NAME_SIZE]; /* a program that measures something else */
} nccl_table;

typedef struct nccl_row {
    const char *type;
    double size_bytes;
    double time_us;
    double algbw_gb_per_s;
} nccl_row;

static const struct {
    const char *name;
    fc_collective_op op;
} programs[] = {{"all_reduce", FC_COLLECTIVE_ALL_REDUCE},
                {"all_gather", FC_COLLECTIVE_ALL_GATHER},
                {"reduce_scatter", FC_COLLECTIVE_REDUCE_SCATTER},
                {"alltoall", FC_COLLECTIVE_ALL_TO_ALL},
                {"sendrecv", FC_COLLECTIVE_SEND_RECV}};
enum { PROGRAMS_COUNT = sizeof programs / sizeof programs[0] };

static uint32_t op_of_program(const char *name, size_t length) {
    for (size_t i = 0; i < PROGRAMS_COUNT; i++) {
        if (strlen(programs[i].name) == length && strncmp(programs[i].name, name, length) == 0) {
            return programs[i].op;
        }
    }
    return FC_COLLECTIVE_NONE;
}

/* A file called all_reduce-8ranks.txt. Two names in one are no answer. */
static uint32_t op_of_file(const char *path) {
    const char *slash = strrchr(path, '/');
    uint32_t op = FC_COLLECTIVE_NONE;
    for (size_t i = 0; i < PROGRAMS_COUNT; i++) {
        if (strstr(slash != NULL ? slash : path, programs[i].name) != NULL) {
            if (op != FC_COLLECTIVE_NONE) {
                return FC_COLLECTIVE_NONE;
            }
            op = programs[i].op;
        }
    }
    return op;
}

/* Looks for "all_reduce_perf" anywhere in a text: a heading, a command line, a path. */
static void look_for_program(nccl_table *table, const char *text) {
    static const char *const others[] = {"broadcast", "reduce", "gather", "scatter", "hypercube"};
    const char *end = strstr(text, "_perf");
    if (end == NULL) {
        return;
    }
    const char *begin = end;
    while (begin > text && ((begin[-1] >= 'a' && begin[-1] <= 'z') || begin[-1] == '_')) {
        begin--;
    }
    size_t length = (size_t)(end - begin);
    uint32_t op = op_of_program(begin, length);
    if (op != FC_COLLECTIVE_NONE) {
        table->op = op;
        table->refused[0] = '\0';
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strlen(others[i]) == length && strncmp(others[i], begin, length) == 0) {
            (void)fc_text_copy(table->refused, sizeof table->refused, others[i]);
        }
    }
}

static fc_status settle(nccl_table *table, fc_importing *in, int32_t line, fc_error *error) {
    if (table->refused[0] != '\0') {
        return fc_import_error(in, line, error, "%s_perf is not taken; allowed are " ALLOWED, table->refused);
    }
    if (table->op == FC_COLLECTIVE_NONE) {
        table->op = op_of_file(in->file->path);
    }
    if (table->op == FC_COLLECTIVE_NONE) {
        return fc_import_error(in, line, error,
                               "the table does not tell which collective it is; put the program's name before it or "
                               "into the file's name: " ALLOWED);
    }
    uint32_t given = in->options->ranks;
    if (table->ranks > 0 && given > 0 && given != table->ranks) {
        return fc_import_error(in, line, error, "--ranks is %u and the table lists %u ranks; leave --ranks out", given,
                               table->ranks);
    }
    table->ranks = table->ranks > 0 ? table->ranks : given;
    if (table->ranks == 0) {
        return fc_import_error(in, line, error, "the table does not tell how many ranks took part: add --ranks N");
    }
    return FC_OK;
}

static fc_status take(fc_importing *in, const nccl_table *table, const nccl_row *row, int32_t line, fc_error *error) {
    double seconds = 1e-6 * row->time_us;
    double rate_gb_per_s = 1e-9 * row->size_bytes / seconds;
    if (row->algbw_gb_per_s >= LEAST_COMPARED_GB_PER_S &&
        !(fabs(rate_gb_per_s / row->algbw_gb_per_s - 1.0) <= MOST_DISAGREEMENT_FRAC)) {
        return fc_import_error(
            in, line, error,
            "size and time mean %.4g GB/s and algbw is %.4g: expected are a size in bytes, a time in "
            "us and their quotient in GB/s",
            rate_gb_per_s, row->algbw_gb_per_s);
    }
    fc_sample sample = {.dtype = FC_DTYPE_COUNT,
                        .collective_op = table->op,
                        .ranks = table->ranks,
                        .bytes = row->size_bytes,
                        .seconds = seconds};
    /* The integers of 1, 4 and 8 bytes are no formats of ours: bytes are bytes. */
    (void)fc_import_dtype(&sample.dtype, row->type);
    return fc_import_collective(in, &sample, line, error);
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* "#  Rank  3 Group  0 Pid 17 on host device 3 [0000:1a:00] NVIDIA …"; rccl-tests leave Group out. */
static void read_device(nccl_table *table, fc_importing *in, const char *line) {
    table->ranks++;
    const char *name = strstr(line, "] ");
    if (name != NULL && in->device_name[0] == '\0') {
        fc_text_excerpt(in->device_name, sizeof in->device_name, name + 2);
    }
}

static void read_heading(nccl_table *table, char *line) {
    char *words[FC_IMPORT_WORDS];
    size_t count = fc_import_words(words, line);
    if (count < 3 || strcmp(words[0], "size") != 0 || strcmp(words[1], "count") != 0) {
        return;
    }
    for (size_t i = 2; i < count; i++) {
        if (strcmp(words[i], "time") == 0 || strcmp(words[i], "cputime") == 0) {
            table->time_column = i;
            return;
        }
    }
}

static fc_status read_comment(nccl_table *table, fc_importing *in, char *line, int32_t number, fc_error *error) {
    char *text = line + 1 + strspn(line + 1, " \t");
    look_for_program(table, text);
    if (fc_text_starts(text, "nThread")) {
        table->ranks = 0; /* another run begins */
        table->time_column = 0;
    } else if (fc_text_starts(text, "Rank ")) {
        read_device(table, in, text);
    } else if (fc_text_starts(text, "(B)") && (strstr(text, "(us)") == NULL || strstr(text, "(GB/s)") == NULL)) {
        char found[120];
        fc_text_excerpt(found, sizeof found, text);
        return fc_import_error(in, number, error, "the units are \"%s\"; expected are (B), (us) and (GB/s)", found);
    } else {
        read_heading(table, text);
    }
    return FC_OK;
}

static fc_status read_row(nccl_table *table, fc_importing *in, char *line, int32_t number, fc_error *error) {
    char *words[FC_IMPORT_WORDS];
    size_t count = fc_import_words(words, line);
    if (count == 0 || !fc_import_is_digits(words[0])) {
        return FC_OK; /* what NCCL, MPI and schedulers print in between */
    }
    FC_TRY(settle(table, in, number, error));
    if (count < table->time_column + 3) {
        return fc_import_error(in, number, error,
                               "%zu columns found, %zu or more expected: size, count, type … time, algbw, busbw", count,
                               table->time_column + 3);
    }
    nccl_row row = {.type = words[2]};
    if (strspn(words[0], "0") == strlen(words[0])) {
        in->file->empty_count++;
        return FC_OK;
    }
    FC_TRY(fc_import_number(&row.size_bytes, in, words[0], "size", number, error));
    FC_TRY(fc_import_number(&row.time_us, in, words[table->time_column], "time", number, error));
    if (fc_units_parse(&row.algbw_gb_per_s, words[table->time_column + 1], FC_UNIT_NONE, NULL) != FC_OK) {
        return fc_import_number(&row.algbw_gb_per_s, in, words[table->time_column + 1], "algbw", number, error);
    }
    return take(in, table, &row, number, error);
}

fc_status fc_import_nccl_text(fc_importing *in, char *bytes, size_t size, fc_error *error) {
    nccl_table table = {.op = FC_COLLECTIVE_NONE};
    fc_import_lines lines = fc_import_lines_of(bytes, size);
    bool any_heading = false;
    for (char *line = fc_import_next_line(&lines); line != NULL; line = fc_import_next_line(&lines)) {
        /* mpirun --tag-output puts "[1,0]<stdout>:" before each line. */
        char *tagged = line[0] == '[' ? strstr(line, ">:") : NULL;
        line = tagged != NULL ? tagged + 2 : line;
        line += strspn(line, " \t");
        if (line[0] == '#') {
            FC_TRY(read_comment(&table, in, line, lines.number, error));
        } else if (table.time_column > 0) {
            FC_TRY(read_row(&table, in, line, lines.number, error));
        } else {
            look_for_program(&table, line);
        }
        any_heading = any_heading || table.time_column > 0;
    }
    return any_heading ? FC_OK
                       : fc_import_error(in, 0, error,
                                         "there is no heading \"# size count type … time algbw busbw\" as nccl-tests "
                                         "print it");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static const char *text_of(const fc_node *node) {
    return node != NULL && node->kind == FC_NODE_SCALAR ? node->text : NULL;
}

static fc_status json_number(double *out, const fc_importing *in, const fc_node *map, const char *key, bool required,
                             fc_error *error) {
    const fc_node *node = fc_node_get(map, key);
    if (text_of(node) == NULL) {
        return required ? fc_import_error(in, map->line, error, "%s is missing here; expected is a number", key)
                        : FC_OK;
    }
    if (!required && fc_units_parse(out, node->text, FC_UNIT_NONE, NULL) == FC_OK) {
        return FC_OK;
    }
    return fc_import_number(out, in, node->text, key, node->line, error);
}

static fc_status json_row(const nccl_table *table, fc_importing *in, const fc_node *node, fc_error *error) {
    if (node->kind != FC_NODE_MAP) {
        return fc_import_error(in, node->line, error, "a result is a map with size, type and out_of_place");
    }
    const char *size = text_of(fc_node_get(node, "size"));
    const fc_node *timed = fc_node_get(node, "out_of_place");
    if (timed == NULL || timed->kind == FC_NODE_NULL || (size != NULL && strcmp(size, "0") == 0)) {
        in->file->empty_count++;
        return FC_OK;
    }
    const char *type = text_of(fc_node_get(node, "type"));
    nccl_row row = {.type = type != NULL ? type : ""};
    FC_TRY(json_number(&row.size_bytes, in, node, "size", true, error));
    if (timed->kind != FC_NODE_MAP) {
        return fc_import_error(in, timed->line, error, "out_of_place is no map; expected are time, alg_bw and bus_bw");
    }
    bool has_time = fc_node_get(timed, "time") != NULL;
    FC_TRY(json_number(&row.time_us, in, timed, has_time ? "time" : "cpu_time", true, error));
    FC_TRY(json_number(&row.algbw_gb_per_s, in, timed, "alg_bw", false, error));
    return take(in, table, &row, node->line, error);
}

static void json_devices(nccl_table *table, fc_importing *in, const fc_node *root) {
    const fc_node *devices = fc_node_get(fc_node_get(root, "config"), "devices");
    if (devices == NULL || devices->kind != FC_NODE_LIST) {
        return;
    }
    table->ranks = (uint32_t)devices->count;
    const char *name = text_of(fc_node_get(devices->first, "device_info"));
    if (name != NULL && in->device_name[0] == '\0') {
        fc_text_excerpt(in->device_name, sizeof in->device_name, name);
    }
}

fc_status fc_import_nccl_json(fc_importing *in, char *bytes, size_t size, fc_error *error) {
    fc_node *root = NULL;
    nccl_table table = {.op = FC_COLLECTIVE_NONE};
    FC_TRY(fc_json_parse(&root, in->arena, in->file->path, bytes, size, error));
    const fc_node *results = fc_node_get(root, "results");
    if (results == NULL || results->kind != FC_NODE_LIST) {
        return fc_import_error(in, root->line, error,
                               "there is no list called results: is this what nccl-tests write with -J?");
    }
    const char *program = text_of(fc_node_at(fc_node_get(root, "args"), 0));
    look_for_program(&table, program != NULL ? program : "");
    json_devices(&table, in, root);
    FC_TRY(settle(&table, in, results->line, error));
    for (const fc_node *node = results->first; node != NULL; node = node->next) {
        FC_TRY(json_row(&table, in, node, error));
    }
    return FC_OK;
}
