/* search.c: the parts of a search that do not depend on who looks at the cuts. */
#include "search.h"

#include "../base/units.h"
#include "search_loop.h"
#include "search_measured.h"
#include "studies.h"

#include <string.h>

enum { USUAL_TOP = 5, MOST_THREADS = 1024 };

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the search");
}

/* ---- options ----------------------------------------------------------------------------------------------------------- */

static fc_status read_by(uint32_t *out, const fc_args *args, fc_error *error) {
    static const char *const names[FC_SEARCH_BY_COUNT] = {"time", "cost", "memory"};
    const char *given = fc_args_value(args, "--by");
    *out = FC_SEARCH_BY_TIME;
    for (uint32_t i = 0; given != NULL && i < FC_SEARCH_BY_COUNT; ++i) {
        if (strcmp(given, names[i]) == 0) {
            *out = i;
            return FC_OK;
        }
    }
    return given == NULL ? FC_OK
                         : fc_error_set(error, FC_USAGE, "--by", 0, 0,
                                        "plans are ranked by time, cost or memory; found \"%.40s\"", given);
}

static fc_status read_limit(double *out, const fc_args *args, const char *name, fc_unit unit, fc_error *error) {
    const char *given = fc_args_value(args, name);
    fc_error cause = {0};
    *out = 0;
    if (given == NULL) {
        return FC_OK;
    }
    if (fc_units_parse(out, given, unit, &cause) != FC_OK || !(*out > 0)) {
        return fc_error_set(error, FC_USAGE, name, 0, 0, "found \"%.60s\"; expected an amount above 0 such as %s",
                            given, fc_unit_example(unit));
    }
    return FC_OK;
}

/* Engines of plug-ins come by their name. All give the same answer. */
static fc_status read_engine(const fc_engine **out, const fc_args *args, fc_error *error) {
    const char *given = fc_args_value(args, "--engine");
    *out = &fc_engine_cpu;
    if (given == NULL || strcmp(given, fc_engine_cpu.name) == 0) {
        return FC_OK;
    }
    if (strcmp(given, "cuda") != 0) {
        return fc_error_set(error, FC_USAGE, "--engine", 0, 0, "\"%.40s\" is no engine; there are cpu and cuda", given);
    }
    return fc_engine_load(out, given, NULL, error);
}

static fc_status read_options(fc_search_command *out, const fc_args *args, uint32_t threads_default, fc_error *error) {
    uint64_t top = 0;
    uint64_t threads = 0;
    FC_TRY(read_by(&out->options.by, args, error));
    FC_TRY(fc_args_u64(&top, args, "--top", USUAL_TOP, 1, FC_SEARCH_MOST_TOP, error));
    FC_TRY(fc_args_u64(&threads, args, "--threads", threads_default, 1, MOST_THREADS, error));
    FC_TRY(read_limit(&out->options.most_chips, args, "--max-chips", FC_UNIT_COUNT, error));
    FC_TRY(read_limit(&out->options.most_days, args, "--deadline", FC_UNIT_DAYS, error));
    FC_TRY(read_limit(&out->options.most_usd, args, "--budget-usd", FC_UNIT_USD, error));
    out->options.top = (uint32_t)top;
    out->options.exhaustive = fc_args_has(args, "--exhaustive");
    out->threads = (uint32_t)threads;
    return FC_OK;
}

fc_status fc_search_command_parse(fc_search_command *out, fc_context *context, uint32_t threads_default,
                                  fc_error *error) {
    const char *name = NULL;
    memset(out, 0, sizeof *out);
    out->context = context;
    out->why = fc_args_value(context->args, "--why");
    FC_TRY(fc_args_format(&out->format, context->args, "tjcm", error));
    FC_TRY(read_options(out, context->args, threads_default, error));
    FC_TRY(read_engine(&out->engine, context->args, error));
    FC_TRY(fc_studies_name(&name, context, error));
    FC_TRY(fc_studies_config(&out->config, context, error));
    FC_TRY(fc_config_study(&out->study, &out->inputs, &out->config, name, error));
    return fc_config_space(&out->space, &out->inputs, &out->config, error);
}

/* ---- what was found --------------------------------------------------------------------------------------------------- */

static fc_status estimate_best(fc_search_page *page, const fc_search_command *a, fc_error *error) {
    uint32_t count = page->part->top_count;
    fc_study *studies = fc_arena_alloc(a->config.arena, (count + 1) * sizeof *studies);
    fc_estimate *estimates = fc_arena_alloc(a->config.arena, (count + 1) * sizeof *estimates);
    if (studies == NULL || estimates == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; i < count; ++i) {
        fc_search_study(&studies[i], &a->study, &page->part->top[i]);
        FC_TRY(fc_estimate_study(&estimates[i], &studies[i], a->config.arena, error));
    }
    page->studies = studies;
    page->estimates = estimates;
    return FC_OK;
}

static fc_status list_front(fc_search_page *page, const fc_search_command *a, fc_error *error) {
    fc_found *front =
        fc_arena_alloc(a->config.arena, (size_t)FC_FRONT_CHIP_STEPS * FC_FRONT_MEMORY_STEPS * sizeof *front);
    if (front == NULL) {
        return no_memory(error);
    }
    page->front_count = fc_search_front(front, page->part);
    page->front = front;
    return FC_OK;
}

/* ---- why not this one --------------------------------------------------------------------------------------------------- */

static fc_status explain_found(fc_search_why *out, const fc_search_command *a, const fc_study *trial,
                               const fc_search_part *part, fc_error *error) {
    fc_study *study = fc_arena_alloc(a->config.arena, sizeof *study);
    fc_estimate *estimate = fc_arena_alloc(a->config.arena, sizeof *estimate);
    fc_memory *memory = fc_arena_alloc(a->config.arena, sizeof *memory);
    if (study == NULL || estimate == NULL || memory == NULL) {
        return no_memory(error);
    }
    if (part->top_count > 0) {
        out->found = &part->top[0];
        fc_search_study(study, trial, out->found);
        FC_TRY(fc_estimate_study(estimate, study, a->config.arena, error));
        out->study = study;
        out->estimate = estimate;
    } else if (part->closest.chips_count > 0) {
        out->closest = &part->closest;
        fc_search_study(study, trial, out->closest);
        fc_ops_count(&estimate->ops, &study->model, &study->workload);
        fc_memory_size(memory, &estimate->ops, &study->cluster, &study->plan, &study->stack);
        out->memory = memory;
    } else {
        out->refused = "no number of replicas splits the batch and the chips that are left";
    }
    return FC_OK;
}

static fc_status search_keys(fc_search_part **out, const fc_search_command *a, const fc_study *trial, fc_error *error) {
    fc_search_options options = a->options;
    fc_search *opened = NULL;
    options.top = 1;
    FC_TRY(fc_search_open(&opened, trial, &a->space, &options, a->engine, a->config.arena, error));
    return fc_search_run(out, opened, fc_search_on_threads, a->threads, a->config.arena, error);
}

/* What the given keys break is an answer, not a failure. */
static fc_status explain(fc_search_why *out, const fc_search_command *a, fc_error *error) {
    fc_study *trial = fc_arena_alloc(a->config.arena, sizeof *trial);
    fc_search_part *part = NULL;
    fc_error trouble = {0};
    if (trial == NULL) {
        return no_memory(error);
    }
    memset(out, 0, sizeof *out);
    out->given = a->why;
    *trial = a->study;
    FC_TRY(fc_config_plan_keys(&trial->plan, &a->config, a->why, error));
    fc_status status = fc_study_check(trial, &trouble);
    if (status == FC_OK) {
        status = search_keys(&part, a, trial, &trouble);
    }
    if (status == FC_BAD_INPUT) {
        out->refused = fc_arena_strdup(a->config.arena, trouble.text);
        return out->refused != NULL ? FC_OK : no_memory(error);
    }
    if (status != FC_OK) {
        return fc_error_set(error, status, NULL, 0, 0, "%s", trouble.text);
    }
    out->tried_count = part->evaluated_count + part->infeasible_count + part->pruned_count;
    return explain_found(out, a, trial, part, error);
}

/* ---- the page ------------------------------------------------------------------------------------------------------- */

static fc_status write_page(fc_context *context, const fc_search_page *page, fc_format format, fc_error *error) {
    switch (format) {
    case FC_FORMAT_JSON:
        return fc_write_search_json(&context->out, page, error);
    case FC_FORMAT_CSV:
        fc_write_search_csv(&context->out, page);
        return FC_OK;
    case FC_FORMAT_MARKDOWN:
        fc_write_search_markdown(&context->out, page);
        return FC_OK;
    default:
        fc_write_search_text(&context->out, page, context->width);
        return FC_OK;
    }
}

static fc_status refuse_none(const fc_search_page *page, fc_error *error) {
    const fc_search_part *part = page->part;
    const double bytes_per_gib = 1073741824.0;
    if (part->excluded_count > 0) {
        return fc_error_set(error, FC_INFEASIBLE, NULL, 0, 0,
                            "%.0f plans fit and none keeps the limits: raise --deadline or --budget-usd, or leave them "
                            "out",
                            part->excluded_count);
    }
    if (part->closest.chips_count == 0) {
        return fc_error_set(error, FC_INFEASIBLE, NULL, 0, 0,
                            "the space holds no plan that splits this batch over these chips: widen space.dp, "
                            "space.micro_batch or space.global_batch, or leave plan keys open");
    }
    char plan[320];
    fc_search_say_plan(plan, sizeof plan, &part->closest, page->study);
    return fc_error_set(
        error, FC_INFEASIBLE, NULL, 0, 0,
        "none of %.0f plans fits: the nearest needs %.1f GiB on a chip of %.1f GiB (%s). Remedy: a wider "
        "space (--set space=wide), more chips, or see `flopcast estimate` of it",
        part->infeasible_count, part->closest.per_chip_bytes / bytes_per_gib,
        page->study->cluster.chip.memory_bytes / bytes_per_gib, plan);
}

fc_status fc_search_command_answer(fc_search_command *a, const fc_search_part *part, double elapsed_s,
                                   fc_error *error) {
    fc_search_why why;
    fc_search_page page = {.study = &a->study,
                           .inputs = &a->inputs,
                           .space = &a->space,
                           .options = &a->options,
                           .engine = a->engine->name,
                           .part = part,
                           .elapsed_s = elapsed_s};
    FC_TRY(estimate_best(&page, a, error));
    FC_TRY(list_front(&page, a, error));
    if (a->why != NULL) {
        FC_TRY(explain(&why, a, error));
        page.why = &why;
    }
    if (part->top_count == 0 && a->why == NULL) {
        return refuse_none(&page, error);
    }
    FC_TRY(fc_search_measured_mfu(&page.measured, &a->config, a->study.cluster.chip.name, error));
    return write_page(a->context, &page, a->format, error);
}
