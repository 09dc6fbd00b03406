/* import_megatron_work.c: number formats, optimizer, tokens, habits of the software; and what is left over. */
#include "import_megatron.h"

#include <stdio.h>
#include <string.h>

/* ---- number formats -------------------------------------------------------------------------------------------------- */

static fc_status read_dtype(const char **out, fc_place *place, fc_megatron *in, fc_error *error) {
    bool bf16 = false;
    bool fp16 = false;
    fc_given *bf16_given = NULL;
    fc_given *fp16_given = NULL;
    fc_given *given = NULL;
    const char *word = NULL;
    FC_TRY(fc_megatron_switch(&bf16, &bf16_given, in, "bf16", error));
    FC_TRY(fc_megatron_switch(&fp16, &fp16_given, in, "fp16", error));
    if (bf16 && fp16) {
        return fc_place_error(error, fp16_given->place, "--fp16 here and --bf16 in line %d: keep one",
                              bf16_given->place.line);
    }
    *out = bf16 ? "bf16" : fp16 ? "fp16" : "fp32";
    *place = fc_megatron_place(bf16 ? bf16_given : fp16 ? fp16_given : NULL);
    FC_TRY(fc_megatron_word(&word, &given, in, "fp8-format", NULL, error));
    if (given == NULL) { /* its name in dumps */
        FC_TRY(fc_megatron_word(&word, &given, in, "fp8", NULL, error));
    }
    if (given != NULL && strcmp(word, "false") != 0) {
        fc_given *recipe_given = NULL;
        const char *recipe = NULL;
        FC_TRY(fc_megatron_word(&recipe, &recipe_given, in, "fp8-recipe", "delayed", error));
        *out = strcmp(recipe, "mxfp8") == 0 ? "mxfp8" : "fp8";
        *place = given->place;
    }
    FC_TRY(fc_megatron_word(&word, &given, in, "fp4-format", NULL, error));
    if (given != NULL && strcmp(word, "false") != 0) {
        *out = "nvfp4";
        *place = given->place;
    }
    return FC_OK;
}

/* Gradients are added up in fp32 with bf16 weights, unless asked otherwise; with fp16 only when asked. */
static fc_status read_grads(fc_megatron *in, const char *dtype, fc_error *error) {
    bool narrow = false;
    bool wide = false;
    fc_given *given = NULL;
    fc_given *wide_given = NULL;
    FC_TRY(fc_megatron_switch(&narrow, &given, in, "grad-reduce-in-bf16", error));
    FC_TRY(fc_megatron_switch(&wide, &wide_given, in, "accumulate-allreduce-grads-in-fp32", error));
    if (narrow && wide && !wide_given->of_dump) {
        return fc_place_error(
            error, given->place,
            "--grad-reduce-in-bf16 here and --accumulate-allreduce-grads-in-fp32 in line %d: keep one",
            wide_given->place.line);
    }
    const bool two = narrow || (strcmp(dtype, "fp16") == 0 && !wide);
    return two ? fc_draft_set(in->draft, fc_megatron_place(narrow ? given : NULL), "workload.grad_bytes", "2", error)
               : FC_OK;
}

static fc_status bytes_of(uint64_t *out, fc_given **given, fc_megatron *in, const char *name, fc_error *error) {
    const char *word = NULL;
    FC_TRY(fc_megatron_word(&word, given, in, name, "fp32", error));
    *out = strcmp(word, "fp32") == 0 || strcmp(word, "float32") == 0 ? 4
           : strcmp(word, "fp16") == 0 || strcmp(word, "float16") == 0 || strcmp(word, "bf16") == 0 ||
                   strcmp(word, "bfloat16") == 0
               ? 2
           : strcmp(word, "fp8") == 0 || strcmp(word, "uint8") == 0 ? 1
                                                                    : 0;
    return *out > 0 ? FC_OK : fc_megatron_refuse(*given, "fp32, bf16, fp16 or fp8", error);
}

/* Master weights and moments in fewer bits, where --use-precision-aware-optimizer allows it. */
static fc_status read_states(fc_megatron *in, fc_error *error) {
    bool on = false;
    fc_given *given = NULL;
    uint64_t first = 0;
    uint64_t second = 0;
    uint64_t other = 0;
    FC_TRY(fc_megatron_switch(&on, &given, in, "use-precision-aware-optimizer", error));
    if (!on) {
        return FC_OK;
    }
    FC_TRY(bytes_of(&other, &given, in, "main-params-dtype", error));
    if (other != 4) {
        FC_TRY(fc_draft_set_count(in->draft, given->place, "workload.master_bytes", other, error));
    }
    FC_TRY(bytes_of(&other, &given, in, "main-grads-dtype", error));
    if (other != 4 && fc_draft_get(in->draft, "workload.grad_bytes") == NULL) {
        FC_TRY(fc_draft_set_count(in->draft, given->place, "workload.grad_bytes", other, error));
    }
    FC_TRY(bytes_of(&second, &given, in, "exp-avg-sq-dtype", error));
    FC_TRY(bytes_of(&first, &given, in, "exp-avg-dtype", error));
    return first + second == 8 ? FC_OK
                               : fc_draft_set_count(in->draft, fc_megatron_place(given), "workload.optimizer_bytes",
                                                    first + second, error);
}

static fc_status read_optimizer(fc_megatron *in, fc_error *error) {
    const char *name = NULL;
    fc_given *given = NULL;
    FC_TRY(fc_megatron_word(&name, &given, in, "optimizer", "adam", error));
    if (strcmp(name, "adam") == 0) {
        return FC_OK;
    }
    if (strcmp(name, "muon") == 0 || strcmp(name, "dist_muon") == 0) {
        return fc_draft_set(in->draft, given->place, "workload.optimizer", "muon", error);
    }
    if (strcmp(name, "sgd") == 0) {
        return fc_draft_set(in->draft, given->place, "workload.optimizer_bytes", "4", error); /* one fp32 momentum */
    }
    return fc_megatron_refuse(given, "adam, sgd or muon", error);
}

/* ---- tokens ------------------------------------------------------------------------------------------------------------ */

static fc_status read_tokens(fc_megatron *in, fc_error *error) {
    fc_given *steps_given = NULL;
    fc_given *given = NULL;
    uint64_t steps = 0;
    uint64_t sequences = 0;
    const uint64_t most = 1000000000000ULL;
    FC_TRY(fc_megatron_count(&sequences, &given, in, "train-samples", 0, 1, most, error));
    FC_TRY(fc_megatron_count(&steps, &steps_given, in, "train-iters", 0, 1, most, error));
    if (given != NULL && steps_given != NULL) {
        return fc_place_error(error, steps_given->place, "--train-iters here and --train-samples in line %d: keep one",
                              given->place.line);
    }
    const double total = given != NULL ? (double)sequences : (double)steps * (double)in->global_batch;
    const fc_place place = fc_megatron_place(given != NULL ? given : steps_given);
    return total > 0 ? fc_draft_set_number(in->draft, place, "workload.tokens", total * (double)in->seq_len, "", error)
                     : FC_OK;
}

/* ---- what the software does --------------------------------------------------------------------------------------------- */

static fc_status read_dropout(fc_megatron *in, fc_error *error) {
    double hidden = 0;
    double attention = 0;
    fc_given *given = NULL;
    FC_TRY(fc_megatron_number(&attention, &given, in, "attention-dropout", 0.1, 0, 1, error));
    FC_TRY(fc_megatron_number(&hidden, &given, in, "hidden-dropout", 0.1, 0, 1, error));
    return fc_draft_set_flag(in->draft, fc_megatron_place(given), "stack.dropout", hidden > 0 || attention > 0, error);
}

static fc_status read_habits(fc_megatron *in, fc_error *error) {
    static const char *const graphs[] = {"enable-cuda-graph", "external-cuda-graph"};
    const char *name = NULL;
    fc_given *given = NULL;
    bool on = false;
    FC_TRY(fc_megatron_word(&name, &given, in, "$FLOPCAST-STACK", "megatron-core", error));
    FC_TRY(fc_draft_set(in->draft, fc_megatron_place(given), "stack.base", name, error));
    FC_TRY(read_dropout(in, error));
    FC_TRY(fc_megatron_word(&name, &given, in, "attention-backend", "auto", error));
    const bool plain = strcmp(name, "unfused") == 0 || strcmp(name, "local") == 0;
    if (given != NULL && strcmp(name, "auto") != 0) {
        FC_TRY(fc_draft_set_flag(in->draft, given->place, "stack.flash_attention", !plain, error));
    }
    for (size_t i = 0; i < 2; i++) {
        FC_TRY(fc_megatron_switch(&on, &given, in, graphs[i], error));
        if (on) {
            FC_TRY(fc_draft_set_flag(in->draft, given->place, "stack.cuda_graphs", true, error));
        }
    }
    FC_TRY(fc_megatron_word(&name, &given, in, "cuda-graph-impl", "none", error));
    if (strcmp(name, "none") != 0) {
        FC_TRY(fc_draft_set_flag(in->draft, given->place, "stack.cuda_graphs", true, error));
    }
    FC_TRY(fc_megatron_switch(&on, &given, in, "cross-entropy-loss-fusion", error));
    return fc_draft_set_flag(in->draft, fc_megatron_place(given), "stack.fused_loss", on, error);
}

fc_status fc_megatron_work(fc_megatron *in, fc_error *error) {
    const char *dtype = NULL;
    const char *chip = NULL;
    fc_given *given = NULL;
    fc_place place = {NULL, 0, 0};
    FC_TRY(read_dtype(&dtype, &place, in, error));
    FC_TRY(fc_draft_set(in->draft, place, "workload.dtype", dtype, error));
    FC_TRY(read_grads(in, dtype, error));
    FC_TRY(read_states(in, error));
    FC_TRY(read_optimizer(in, error));
    FC_TRY(read_tokens(in, error));
    FC_TRY(fc_megatron_word(&chip, &given, in, "$FLOPCAST-CHIP", NULL, error));
    if (given != NULL) {
        FC_TRY(fc_draft_set(in->draft, given->place, "cluster.chip", chip, error));
    }
    return read_habits(in, error);
}
