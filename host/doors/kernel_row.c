/* kernel_row.c: one kernel's words and numbers, from a table or the command line. */
#include "kernel_table.h"

#include "../base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_COUNT 9007199254740992.0 /* 2^53: whole numbers are exact up to here */
#define MOST_EXPERTS_PER_TOKEN 1024.0
#define MOST_EXPONENT 4.0
#define BALANCED "balanced"
#define POWER_LAW "power_law_"

/* A whole number; bytes may have their unit ("64MiB"). */
static bool read_count(double *out, const char *text, const char *what) {
    uint64_t value = 0;
    if (fc_units_parse_u64(&value, text, NULL) == FC_OK) {
        *out = (double)value;
        return true;
    }
    const bool bytes = strcmp(what, "bytes") == 0 || strcmp(what, "--bytes") == 0;
    return bytes && fc_units_parse(out, text, FC_UNIT_BYTES, NULL) == FC_OK && *out == floor(*out);
}

fc_status fc_kernel_count_parse(double *out, const char *text, const char *what, const char *source, int line,
                                fc_error *error) {
    if (!read_count(out, text, what) || *out < 1.0 || *out > MOST_COUNT) {
        return fc_error_set(error, FC_BAD_INPUT, source, line, 0,
                            "%s is \"%.40s\"; a whole number from 1 to 2^53 is needed", what, text);
    }
    return FC_OK;
}

fc_status fc_kernel_distribution_parse(double *out, const char *text, const char *source, int line, fc_error *error) {
    const size_t stem = sizeof POWER_LAW - 1;
    *out = 0.0;
    if (strcmp(text, BALANCED) == 0) {
        return FC_OK;
    }
    if (strncmp(text, POWER_LAW, stem) != 0 || fc_units_parse(out, text + stem, FC_UNIT_NONE, NULL) != FC_OK ||
        !(*out > 0.0) || *out > MOST_EXPONENT) {
        return fc_error_set(error, FC_BAD_INPUT, source, line, 0,
                            "distribution is \"%.40s\"; allowed are " BALANCED " and " POWER_LAW
                            "X with an exponent above 0 and up to 4, as in " POWER_LAW "1.2",
                            text);
    }
    return FC_OK;
}

fc_status fc_kernel_dim_parse(fc_kernel_row *row, uint32_t index, const char *text, const char *what,
                              const char *source, fc_error *error) {
    double *out = &row->dims[index];
    return fc_kernel_is_exponent(row->kind, index) ? fc_kernel_distribution_parse(out, text, source, row->line, error)
                                                   : fc_kernel_count_parse(out, text, what, source, row->line, error);
}

void fc_kernel_dim_say(char *out, size_t out_size, const fc_kernel_row *row, uint32_t index) {
    if (!fc_kernel_is_exponent(row->kind, index)) {
        (void)snprintf(out, out_size, "%.0f", row->dims[index]);
    } else if (row->dims[index] > 0.0) {
        char exponent[40];
        fc_units_format_exact(exponent, sizeof exponent, row->dims[index]);
        (void)snprintf(out, out_size, POWER_LAW "%s", exponent);
    } else {
        (void)snprintf(out, out_size, BALANCED);
    }
}

fc_status fc_kernel_dtype_parse(uint32_t *out, const char *text, const char *source, int line, fc_error *error) {
    for (uint32_t i = 0; i < FC_DTYPE_COUNT; i++) {
        if (strcmp(text, fc_dtype_name((fc_dtype)i)) == 0) {
            *out = i;
            return FC_OK;
        }
    }
    return fc_error_set(error, FC_BAD_INPUT, source, line, 0,
                        "dtype is \"%.40s\"; allowed are fp64 fp32 tf32 fp16 bf16 fp8 mxfp8 nvfp4 int8", text);
}

fc_dtype fc_kernel_default_dtype(uint32_t kind) {
    return kind == FC_KERNEL_DISPATCH ? FC_DTYPE_FP8 : (kind == FC_KERNEL_COMBINE ? FC_DTYPE_BF16 : FC_DTYPE_COUNT);
}

static fc_status at_most(const fc_kernel_row *row, const char *source, uint32_t small, uint32_t large,
                         fc_error *error) {
    const fc_kernel_info *info = fc_kernel_info_of((fc_kernel_kind)row->kind);
    return row->dims[small] <= row->dims[large]
               ? FC_OK
               : fc_error_set(error, FC_BAD_INPUT, source, row->line, 0, "%s %.0f is more than %s %.0f",
                              info->dims[small], row->dims[small], info->dims[large], row->dims[large]);
}

static fc_status check_attention(const fc_kernel_row *row, const char *source, fc_error *error) {
    if (row->dims[1] > row->dims[2]) {
        return fc_error_set(error, FC_BAD_INPUT, source, row->line, 0,
                            "q_len %.0f is more than kv_len %.0f; keys include those of the new tokens", row->dims[1],
                            row->dims[2]);
    }
    return at_most(row, source, 4, 3, error);
}

static fc_status check_experts(const fc_kernel_row *row, const char *source, fc_error *error) {
    FC_TRY(at_most(row, source, 3, 4, error));
    if (row->dims[3] > MOST_EXPERTS_PER_TOKEN) {
        return fc_error_set(error, FC_BAD_INPUT, source, row->line, 0, "experts_per_token is %.0f; at most %.0f",
                            row->dims[3], MOST_EXPERTS_PER_TOKEN);
    }
    if (row->kind != FC_KERNEL_MOE) {
        return FC_OK;
    }
    FC_TRY(at_most(row, source, 5, 2, error));
    return at_most(row, source, 6, 4, error);
}

fc_status fc_kernel_row_check(const fc_kernel_row *row, const char *source, fc_error *error) {
    if (fc_kernel_is_collective(row->kind) && row->dims[0] < 2.0) {
        return fc_error_set(error, FC_BAD_INPUT, source, row->line, 0,
                            "%s over one chip moves nothing; give chips 2 or more",
                            fc_kernel_info_of((fc_kernel_kind)row->kind)->name);
    }
    if (row->kind == FC_KERNEL_PREFILL || row->kind == FC_KERNEL_DECODE) {
        return check_attention(row, source, error);
    }
    return fc_kernel_is_exchange(row->kind) || row->kind == FC_KERNEL_MOE ? check_experts(row, source, error) : FC_OK;
}
