/* import_megatron.c: reads single options, and calls the parts in order. */
#include "import_megatron.h"

#include "../base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

fc_place fc_megatron_place(const fc_given *given) { return given != NULL ? given->place : (fc_place){NULL, 0, 0}; }

fc_status fc_megatron_refuse(const fc_given *given, const char *allowed, fc_error *error) {
    char value[64];
    fc_text_excerpt(value, sizeof value, given->value);
    return fc_place_error(error, given->place, "%s%.64s is \"%s\"; allowed is %s", fc_given_dashes(given), given->name,
                          value, allowed);
}

/* An option whose value the file tells, or NULL. */
static fc_status find_known(fc_given **out, fc_megatron *in, const char *name, fc_error *error) {
    FC_TRY(fc_given_find(out, in->given, name, error));
    if (*out != NULL && !fc_given_is_known(*out)) {
        if (!(*out)->of_dump && name[0] != '$') {
            fc_draft_remark(in->draft, FC_REMARK_UNKNOWN, (*out)->place,
                            "--%s %.100s: the file does not say what that is", name, (*out)->value);
        }
        *out = NULL;
    }
    return FC_OK;
}

fc_status fc_megatron_count(uint64_t *out, fc_given **found, fc_megatron *in, const char *name, uint64_t fallback,
                            uint64_t least, uint64_t most, fc_error *error) {
    *out = fallback;
    FC_TRY(find_known(found, in, name, error));
    if (*found == NULL) {
        return FC_OK;
    }
    uint64_t value = 0;
    char word[64];
    size_t length = strcspn((*found)->value, " ");
    bool fits = length > 0 && length < sizeof word;
    if (fits) { /* further words belong to the command, not to the option: "--nnodes 4 pretrain_gpt.py" */
        memcpy(word, (*found)->value, length);
        word[length] = '\0';
    }
    if (!fits || fc_units_parse_u64(&value, word, NULL) != FC_OK || value < least || value > most) {
        char text[96];
        (void)snprintf(text, sizeof text, "a whole number from %" PRIu64 " to %" PRIu64, least, most);
        return fc_megatron_refuse(*found, text, error);
    }
    *out = value;
    return FC_OK;
}

fc_status fc_megatron_number(double *out, fc_given **found, fc_megatron *in, const char *name, double fallback,
                             double least, double most, fc_error *error) {
    *out = fallback;
    FC_TRY(find_known(found, in, name, error));
    if (*found == NULL) {
        return FC_OK;
    }
    double value = 0;
    if (fc_units_parse(&value, (*found)->value, FC_UNIT_NONE, NULL) != FC_OK || value < least || value > most) {
        char text[96];
        (void)snprintf(text, sizeof text, "a number from %g to %g", least, most);
        return fc_megatron_refuse(*found, text, error);
    }
    *out = value;
    return FC_OK;
}

fc_status fc_megatron_switch(bool *out, fc_given **found, fc_megatron *in, const char *name, fc_error *error) {
    *out = false;
    FC_TRY(find_known(found, in, name, error));
    if (*found == NULL) {
        return FC_OK;
    }
    const char *value = (*found)->value;
    *out = strcmp(value, "false") != 0 && strcmp(value, "False") != 0 && strcmp(value, "0") != 0;
    return FC_OK;
}

fc_status fc_megatron_word(const char **out, fc_given **found, fc_megatron *in, const char *name, const char *fallback,
                           fc_error *error) {
    *out = fallback;
    FC_TRY(find_known(found, in, name, error));
    if (*found != NULL) {
        *out = (*found)->value;
    }
    return FC_OK;
}

fc_status fc_import_megatron(fc_draft *draft, const fc_given_list *given, fc_error *error) {
    fc_megatron in = {.draft = draft, .given = given};
    FC_TRY(fc_megatron_model(&in, error));
    FC_TRY(fc_megatron_plan(&in, error));
    FC_TRY(fc_megatron_work(&in, error));
    fc_megatron_leftovers(&in);
    return FC_OK;
}
