/* cmd_scale.c: one study at many numbers of chips. */
#include "args.h"
#include "cmd.h"
#include "studies.h"

#include "../base/units.h"
#include "../doors/scale_law.h"
#include "../doors/write_scale.h"
#include "flopcast/scale.h"

#include <stdlib.h>
#include <string.h>

static fc_status read_number_of_chips(double *out, const char *text, size_t length, fc_error *error) {
    char word[32] = "";
    uint64_t value = 0;
    if (length < sizeof word) {
        memcpy(word, text, length);
    }
    if (length == 0 || length >= sizeof word || fc_units_parse_u64(&value, word, NULL) != FC_OK || value < 1 ||
        (double)value > FC_SCALE_MOST_CHIPS) {
        return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                            "--chips is \"%.*s\" there; allowed are whole numbers from 1 to 1e9, such as 1k..1M or "
                            "64,128,256",
                            (int)(length < 40 ? length : 40), text);
    }
    *out = (double)value;
    return FC_OK;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* In any order, and twice the same once. */
static void sort_listed(fc_scale_question *question) {
    uint32_t kept = 0;
    qsort(question->listed, question->listed_count, sizeof question->listed[0], by_size);
    for (uint32_t i = 0; i < question->listed_count; ++i) {
        if (kept == 0 || question->listed[i] != question->listed[kept - 1]) {
            question->listed[kept++] = question->listed[i];
        }
    }
    question->listed_count = kept;
}

/* "1k..1M" or "64,128,256" */
static fc_status read_chips(fc_scale_question *question, const char *text, fc_error *error) {
    if (text == NULL) {
        return FC_OK;
    }
    const char *dots = strstr(text, "..");
    if (dots != NULL) {
        FC_TRY(read_number_of_chips(&question->low_chips, text, (size_t)(dots - text), error));
        FC_TRY(read_number_of_chips(&question->high_chips, dots + 2, strlen(dots + 2), error));
        return question->low_chips <= question->high_chips
                   ? FC_OK
                   : fc_error_set(error, FC_USAGE, "command line", 0, 0, "--chips %.40s: give the smaller number first",
                                  text);
    }
    for (const char *at = text;; at += strcspn(at, ",") + 1) {
        size_t length = strcspn(at, ",");
        if (question->listed_count == FC_SCALE_MOST_POINTS) {
            return fc_error_set(error, FC_USAGE, "command line", 0, 0, "--chips takes at most %d numbers",
                                FC_SCALE_MOST_POINTS);
        }
        FC_TRY(read_number_of_chips(&question->listed[question->listed_count], at, length, error));
        question->listed_count += 1;
        if (at[length] == '\0') {
            sort_listed(question);
            return FC_OK;
        }
    }
}

static fc_status read_mode(fc_scale_question *question, const char *text, fc_error *error) {
    if (text == NULL) {
        /* the law is one of pretraining */
        question->mode =
            question->study->workload.kind == FC_WORKLOAD_PRETRAIN ? FC_SCALE_TIME_TO_TRAIN : FC_SCALE_STRONG;
        return FC_OK;
    }
    for (uint32_t mode = 0; mode < FC_SCALE_MODE_COUNT; ++mode) {
        if (strcmp(text, fc_scale_mode_name((fc_scale_mode)mode)) == 0) {
            question->mode = mode;
            return FC_OK;
        }
    }
    return fc_error_set(error, FC_USAGE, "command line", 0, 0,
                        "--mode is \"%.40s\"; allowed is strong, weak or time-to-train", text);
}

static fc_status read_plan_choice(fc_scale_question *question, const char *text, fc_error *error) {
    question->keep_plan = text != NULL && strcmp(text, "given") == 0;
    if (text == NULL || question->keep_plan || strcmp(text, "open") == 0) {
        return FC_OK;
    }
    return fc_error_set(error, FC_USAGE, "command line", 0, 0, "--plan is \"%.40s\"; allowed is open or given", text);
}

static fc_status read_knee(fc_scale_question *question, const char *text, fc_error *error) {
    if (text == NULL) {
        return FC_OK;
    }
    if (fc_units_parse(&question->knee_gain, text, FC_UNIT_NONE, NULL) != FC_OK || !(question->knee_gain > 1.0) ||
        !(question->knee_gain < 2.0)) {
        return fc_error_set(
            error, FC_USAGE, "command line", 0, 0,
            "--knee is \"%.40s\"; allowed is a number between 1 and 2: a doubling of the chips gains less", text);
    }
    return FC_OK;
}

/* Storage that the study does not state was made from a rate for each chip. */
static bool storage_is_per_chip(const fc_inputs *inputs) {
    bool per_chip = false;
    for (const fc_fact *fact = inputs->facts; fact != NULL; fact = fact->next) {
        if (strcmp(fact->key, "cluster.storage_bw") == 0) {
            per_chip = strcmp(fact->origin, "defaults") == 0;
        }
    }
    return per_chip;
}

static fc_status ask(fc_scale_question *out, const fc_study *study, const fc_inputs *inputs, const fc_config *config,
                     const fc_args *args, fc_error *error) {
    *out = fc_scale_question_of(study);
    out->storage_per_chip = storage_is_per_chip(inputs);
    FC_TRY(fc_scale_law_read(&out->law, &config->catalog, fc_args_value(args, "--law"), error));
    FC_TRY(read_mode(out, fc_args_value(args, "--mode"), error));
    FC_TRY(read_plan_choice(out, fc_args_value(args, "--plan"), error));
    FC_TRY(read_knee(out, fc_args_value(args, "--knee"), error));
    return read_chips(out, fc_args_value(args, "--chips"), error);
}

static fc_status write(fc_context *context, const fc_scale_page *page, fc_format format, fc_error *error) {
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_scale_json(&context->out, page, error);
    case FC_FORMAT_CSV:
        fc_write_scale_csv(&context->out, page);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_scale_markdown(&context->out, page);
        return FC_OK;
    default:
        fc_write_scale_text(&context->out, page, context->width);
        return FC_OK;
    }
}

static fc_status run_scale(fc_context *context, fc_error *error) {
    fc_config config;
    fc_inputs inputs;
    fc_scale_question question;
    fc_format format = FC_FORMAT_TEXT;
    const char *name = NULL;
    fc_study *study = fc_arena_alloc(context->arena, sizeof *study);
    fc_scale_curve *curve = fc_arena_alloc(context->arena, sizeof *curve);
    if (study == NULL || curve == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "out of memory");
    }
    FC_TRY(fc_args_format(&format, context->args, "tjcm", error));
    FC_TRY(fc_studies_name(&name, context, error));
    FC_TRY(fc_studies_config(&config, context, error));
    FC_TRY(fc_config_study(study, &inputs, &config, name, error));
    FC_TRY(ask(&question, study, &inputs, &config, context->args, error));
    FC_TRY(fc_scale(curve, &question, context->arena, error));
    fc_scale_page page = {.curve = curve, .question = &question, .inputs = &inputs};
    return write(context, &page, format, error);
}

static const fc_option options[] = {
    {"--chips", "RANGE", false, "1k..1M, or 64,128,256; left out: from the fewest that fit to where more gain nothing"},
    {"--mode", "MODE", false, "time-to-train (best batch to one loss), strong (one batch) or weak (sequences a chip)"},
    {"--plan", "CHOICE", false, "open: the best plan of each row; given: what the study's plan gives stays, but dp"},
    {"--law", "NAME", false, "of the critical batch, in batch_laws.yaml: zhang-2024, bergsma-2025, kaplan-2020"},
    {"--knee", "GAIN", false, "the knee: from there on a doubling makes it less than GAIN times faster; 1.5"},
    {NULL, NULL, false, NULL},
};

const fc_command fc_cmd_scale = {
    .name = "scale",
    .synopsis = "STUDY [--chips 1k..1M] [--mode MODE]…",
    .help = "the curve over numbers of chips: speed, days, cost, where the knee is, what eats it, what would move it",
    .example = "flopcast scale llama3-405b-16k-h100 --chips 1k..1M",
    .options = options,
    .run = run_scale,
};
