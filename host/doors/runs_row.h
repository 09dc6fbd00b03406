/* runs_row.h: what the readers of one row of a table of runs share. */
#ifndef FLOPCAST_HOST_DOORS_RUNS_ROW_H
#define FLOPCAST_HOST_DOORS_RUNS_ROW_H

#include "config_nouns.h"
#include "domain_file.h"
#include "flopcast/runs.h"

#include <stdbool.h>

typedef enum fc_run_column {
    FC_RUN_ID = 0,
    FC_RUN_SOURCE,
    FC_RUN_CHIP,
    FC_RUN_CHIP_AS_PUBLISHED,
    FC_RUN_CHIPS,
    FC_RUN_DTYPE,
    FC_RUN_MODEL_NAME,
    FC_RUN_LAYERS,
    FC_RUN_HIDDEN,
    FC_RUN_HEADS,
    FC_RUN_KV_HEADS,
    FC_RUN_HEAD_DIM,
    FC_RUN_FFN_HIDDEN,
    FC_RUN_FFN_TYPE,
    FC_RUN_VOCAB,
    FC_RUN_SEQ_LEN,
    FC_RUN_EXPERTS,
    FC_RUN_EXPERTS_PER_TOKEN,
    FC_RUN_MOE_FFN_HIDDEN,
    FC_RUN_SHARED_EXPERTS,
    FC_RUN_ATTENTION,
    FC_RUN_TP,
    FC_RUN_PP,
    FC_RUN_VP,
    FC_RUN_CP,
    FC_RUN_EP,
    FC_RUN_DP,
    FC_RUN_ZERO,
    FC_RUN_GLOBAL_BATCH,
    FC_RUN_MICRO_BATCH,
    FC_RUN_RECOMPUTE,
    FC_RUN_METRIC,
    FC_RUN_VALUE,
    FC_RUN_TOKENS,
    FC_RUN_NOTES,
    FC_RUN_SECONDARY,
    FC_RUN_GROUP,
    FC_RUN_STACK,
    FC_RUN_SUSPECT,
    FC_RUN_COLUMN_COUNT
} fc_run_column;

extern const char *const FC_RUN_COLUMNS[FC_RUN_COLUMN_COUNT];

/* The cells of one record, "" where blank; never NULL. */
typedef struct fc_run_cells {
    const char *text[FC_RUN_COLUMN_COUNT];
} fc_run_cells;

/* Entries of one kind of the catalogue, read once, so that thousands of names are looked up in memory. */
typedef struct fc_run_index {
    const fc_node **entries;
    size_t count;
} fc_run_index;

struct fc_run_model;
struct fc_run_template;

/* What all rows of one call share. */
typedef struct fc_run_reader {
    const fc_config *config;
    fc_loading loading; /* defaults, read once */
    fc_run_index models;
    fc_run_index chips;
    fc_run_index stacks;
    struct fc_run_model *loaded_models;
    struct fc_run_template *templates; /* chip and stack, as loaded */
    fc_domain_points measured;         /* what a row's distance is taken from */
} fc_run_reader;

fc_status fc_run_reader_start(fc_run_reader *out, const fc_config *config, fc_error *error);
/* The entry's name as `list` prints it, or NULL: its key, then its spelling, then its aliases. */
const char *fc_run_find(const fc_run_index *index, const char *name);

/* ---- cells ---- */

/* Adds a word to a comma-separated list such as row->assumed; one that no longer fits is left out. */
void fc_run_list(char *list, size_t list_size, const char *word);
/* A whole number from `least` to `most`; false where blank. What is no such number is listed and counts as blank. */
bool fc_run_whole(uint64_t *out, fc_run_row *row, const fc_run_cells *cells, fc_run_column column, uint64_t least,
                  uint64_t most);
/* A number above 0, likewise. */
bool fc_run_number(double *out, fc_run_row *row, const fc_run_cells *cells, fc_run_column column);
/* Lists the cell of a column as not understood. */
void fc_run_not_understood(fc_run_row *row, const fc_run_cells *cells, fc_run_column column);

/* ---- free text, by its leading word (runs_text.c); false: not understood ---- */

bool fc_run_read_dtype(uint32_t *out, const char *text);
bool fc_run_read_recompute(uint32_t *out, const char *text);
/* ZeRO stage, and the group that is sharded over where one is named (0: all). */
bool fc_run_read_zero(int32_t *out_stage, uint32_t *out_group, const char *text);
bool fc_run_read_ffn(uint32_t *out, const char *text);
/* One-way bit/s between nodes that a text states for a whole node ("800 Gbit/s a node", "4x Omni-Path 100"); 0: none. */
double fc_run_read_node_bits(const char *text);
/* 1 or 0 where notes say that sequence parallelism was on or off; -1: they do not. */
int32_t fc_run_read_sequence_parallel(const char *notes);
/* The release of the software that notes name, "container 26.06", as 100 · year + month; 0: none. */
uint32_t fc_run_read_release(const char *notes);
/* The same of an entry that is called "STACK-26.06"; 0: it is called otherwise. */
uint32_t fc_run_release_suffix(const char *name, const char *stack);
/* Tensor ranks of one expert that notes name, "ETP=1"; 0: none. */
uint32_t fc_run_read_expert_tensor(const char *notes);
/* Whether `word` stands in `text` as a word of its own, whatever the case. */
bool fc_run_has_word(const char *text, const char *word);

/* ---- parts of a row ---- */

/* The published figure: metric, value, what to score on. Sets row->reason where it is no figure of a step. */
void fc_run_read_metric(fc_run_row *row, const fc_run_cells *cells);
/* The model; sets row->reason where dimensions are missing. */
fc_status fc_run_read_model(fc_run_row *row, fc_run_reader *reader, const fc_run_cells *cells, fc_error *error);
/* Chip, stack and workload from the catalogue. `*asked` is the stack's name as written, "" where blank. */
fc_status fc_run_read_machine(fc_run_row *row, fc_run_reader *reader, const fc_run_cells *cells, fc_error *error);
void fc_run_read_plan(fc_run_row *row, const fc_run_cells *cells);
/* The catalogue's name of the stack: as named, else the nearest of its family, else the chip's usual one. */
const char *fc_run_stack(bool *assumed, const fc_run_reader *reader, const char *asked, const char *chip_family);

/* `stack`, or the latest entry called after it and a release that is not later than the one in the notes:
 * "megatron-core-26.06" from "container 26.06" on. */
const char *fc_run_stack_release(const fc_run_reader *reader, const char *stack, const char *notes);

/* One record into one row. Only lack of memory or a broken data folder fails. */
fc_status fc_run_read_row(fc_run_row *row, fc_run_reader *reader, const fc_run_cells *cells, fc_error *error);

#endif
