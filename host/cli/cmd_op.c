/* cmd_op.c: the time of single operations, by the calibrations that ship. */
#include "cmd.h"
#include "op_rows.h"

#include "../doors/calibration_file.h"
#include "../doors/kernel_table.h"
#include "studies.h"

#include <string.h>

#define SOURCE "command line"

/* The kind that a word names, or the COUNT. */
static fc_kernel_kind kind_of(const char *word) {
    int kind = 0;
    while (kind < FC_KERNEL_KIND_COUNT && strcmp(word, fc_kernel_info_of((fc_kernel_kind)kind)->name) != 0) {
        kind += 1;
    }
    return (fc_kernel_kind)kind;
}

static fc_status need_option(const char **out, const fc_args *args, const char *name, const char *kind,
                             fc_error *error) {
    *out = fc_args_value(args, name);
    return *out != NULL
               ? FC_OK
               : fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "%s needs %s; `flopcast help op` shows all", kind, name);
}

/* A mistake in an option is one of the command line, not of a file. */
static fc_status as_usage(fc_status status, fc_error *error) {
    if (status == FC_BAD_INPUT && error != NULL) {
        error->status = FC_USAGE;
        return FC_USAGE;
    }
    return status;
}

/* One kernel from the options. */
static fc_status row_of_options(fc_kernel_row *row, const fc_args *args, fc_kernel_kind kind, fc_error *error) {
    const fc_kernel_info *info = fc_kernel_info_of(kind);
    const char *text = NULL;
    char option[32];
    row->kind = (uint32_t)kind;
    if (fc_args_value(args, "--chip") == NULL && fc_args_value(args, "--calibration") != NULL) {
        text = FC_OP_LOCAL;
    } else {
        FC_TRY(need_option(&text, args, "--chip", info->name, error));
    }
    fc_text_slug(row->chip, sizeof row->chip, text);
    row->dtype = (uint32_t)fc_kernel_default_dtype(row->kind);
    if (row->dtype == FC_DTYPE_COUNT || fc_args_value(args, "--dtype") != NULL) {
        FC_TRY(need_option(&text, args, "--dtype", info->name, error));
        FC_TRY(as_usage(fc_kernel_dtype_parse(&row->dtype, text, SOURCE, 0, error), error));
    }
    for (uint32_t i = 0; i < info->dims_count; i++) {
        (void)fc_text_copy(option, sizeof option, "--");
        (void)fc_text_copy(option + 2, sizeof option - 2, info->dims[i]);
        FC_TRY(need_option(&text, args, option, info->name, error));
        FC_TRY(as_usage(fc_kernel_dim_parse(row, i, text, option, SOURCE, error), error));
    }
    return as_usage(fc_kernel_row_check(row, SOURCE, error), error);
}

static fc_status read_rows(fc_kernel_table *out, fc_context *context, const fc_catalog *catalog, fc_error *error) {
    const fc_args *args = context->args;
    if (args->positional_count != 1) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "which operation? A TABLE.csv, or one of gemm, prefill, decode, all_reduce, all_gather, "
                            "reduce_scatter, all_to_all, dispatch, combine, moe with its sizes; found %d words",
                            args->positional_count);
    }
    fc_kernel_kind kind = kind_of(args->positional[0]);
    if (kind == FC_KERNEL_KIND_COUNT) {
        return fc_kernel_table_read(out, context->arena, args->positional[0], error);
    }
    out->rows = fc_arena_alloc(context->arena, sizeof *out->rows);
    out->rows_count = 1;
    if (out->rows == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(row_of_options(out->rows, args, kind, error));
    if (strcmp(out->rows->chip, FC_OP_LOCAL) == 0) {
        return fc_args_value(args, "--calibration") != NULL
                   ? FC_OK
                   : fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                                  "chip local is the machine that a calibration describes: add --calibration FILE");
    }
    /* A misspelt chip is told as such; one that is known and has no calibration is an answer. */
    fc_node *chip = NULL;
    return as_usage(fc_catalog_read(&chip, catalog, "chips", out->rows->chip, NULL, error), error);
}

/* NULL without --calibration. */
static fc_status read_local(const fc_calibration **out, fc_context *context, const fc_config *config, fc_error *error) {
    *out = NULL;
    if (config->calibration_path == NULL) {
        return FC_OK;
    }
    fc_calibration *local = fc_arena_alloc(context->arena, sizeof *local);
    if (local == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    *out = local;
    return fc_calibration_read(local, context->arena, config->calibration_path, error);
}

static fc_status run_op(fc_context *context, fc_error *error) {
    fc_format format = FC_FORMAT_TEXT;
    fc_config config;
    const fc_calibration *local = NULL;
    fc_kernel_table table = {0};
    fc_op_answer answer;
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(read_local(&local, context, &config, error));
    FC_TRY(read_rows(&table, context, &config.catalog, error));
    FC_TRY(fc_op_answer_rows(&answer, table.rows, table.rows_count, &config.catalog, local, error));
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_op_write_json(&context->out, &answer, error);
    case FC_FORMAT_CSV:
        fc_op_write_csv(&context->out, &answer);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_op_write_markdown(&context->out, &answer);
        return FC_OK;
    default:
        fc_op_write_text(&context->out, &answer, context->width);
        return FC_OK;
    }
}

static const fc_option options[] = {
    {"--chip", "NAME", false, "a chip of `flopcast list chips`; local, or left out, with --calibration: gemm alone"},
    {"--dtype", "D", false, "bf16, fp8, nvfp4 … of gemm; bf16 of attention and moe; fp16 or int8 of collectives"},
    {"--m", "M", false, "gemm: rows of A and C"},
    {"--n", "N", false, "gemm: columns of B and C"},
    {"--k", "K", false, "gemm: what is summed over"},
    {"--batch", "B", false, "attention: sequences"},
    {"--q_len", "Q", false, "attention: new tokens of a sequence (decode: 1)"},
    {"--kv_len", "S", false, "attention: keys of a sequence, the new ones included"},
    {"--heads", "H", false, "attention: query heads"},
    {"--kv_heads", "G", false, "attention: key-value heads"},
    {"--head_dim", "D", false, "attention: width of a head"},
    {"--chips", "P", false, "collective: chips that take part"},
    {"--bytes", "B", false, "collective: the buffer, as nccl-tests counts it; 64M, 16MiB"},
    {"--nodes", "N", false, "dispatch, combine: servers"},
    {"--hidden", "H", false, "dispatch, combine, moe: width of a token"},
    {"--tokens_per_chip", "T", false, "dispatch, combine: tokens that a chip sends"},
    {"--sms", "S", false, "dispatch, combine: streaming multiprocessors that the kernel may use"},
    {"--experts_per_token", "K", false, "dispatch, combine, moe: experts that a token goes to"},
    {"--experts", "E", false, "dispatch, combine, moe: experts of the layer, on all chips"},
    {"--tokens", "T", false, "moe: tokens of the layer"},
    {"--moe_ffn_hidden", "F", false, "moe: width of an expert"},
    {"--tp", "N", false, "moe: chips that share an expert"},
    {"--ep", "N", false, "moe: chips that the experts are spread over"},
    {"--distribution", "D", false, "moe: balanced, or power_law_X: how uneven the experts' loads are"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_op = {
    .name = "op",
    .synopsis = "TABLE.csv | gemm|prefill|decode|all_reduce|dispatch|moe|… --chip NAME --dtype D --m M --n N --k K …",
    .help = "the time of single operations on a chip, beside the measured where the table has it",
    .example = "flopcast op gemm --chip h100-sxm --dtype bf16 --m 4096 --n 4096 --k 4096",
    .options = options,
    .run = run_op,
};
