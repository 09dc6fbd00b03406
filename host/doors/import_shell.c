/* import_shell.c: the options of a shell script, read without running it.
 *
 * Only what a reader of the script could tell by eye is worked out: constants put into variables, ${X:-default}, $((…)) of
 * whole numbers. What the shell would find out at run time keeps its $ and counts as unknown. Branches are not followed: of
 * a variable that is set twice the last value before its use counts, and an option written twice must be the same.
 */
#include "import_given.h"

#include "import_shell.h"

#include <string.h>

enum { MOST_DEPTH = 4, MOST_VARIABLES = 2048, MOST_WORD_BYTES = 1 << 16 };

typedef struct variable {
    const char *name;
    const char *value;
    int line;
    struct variable *next;
} variable;

typedef struct shell {
    fc_given_list *list;
    const char *source;
    const char *at;
    const char *end;
    int line;
    int depth; /* of options inside the text of a variable */
    variable *variables;
    size_t variables_count;
    fc_error *error;
} shell;

typedef struct word {
    char *text; /* expanded, quotes taken off */
    int line;
    int text_line;      /* where the text of an assignment begins: inside of its quote */
    bool variable_only; /* it began with an expansion: what it holds was read where it was set */
    bool quoted;        /* it began with a quote */
} word;

static fc_status fail(const shell *in, int line, const char *text) {
    return fc_place_error(in->error, (fc_place){in->source, line, 0}, "%s", text);
}

/* ---- variables ------------------------------------------------------------------------------------------------- */

static const char *lookup(const void *context, const char *name, size_t length) {
    for (const variable *var = ((const shell *)context)->variables; var != NULL; var = var->next) {
        if (strlen(var->name) == length && memcmp(var->name, name, length) == 0) {
            return var->value;
        }
    }
    return NULL;
}

static fc_status remember(shell *in, const char *name, const char *value, int line) {
    if (++in->variables_count > MOST_VARIABLES) {
        return fc_error_set(in->error, FC_OVER_LIMIT, in->source, line, 0, "more than %d assignments", MOST_VARIABLES);
    }
    variable *var = fc_arena_alloc(in->list->arena, sizeof *var);
    if (var == NULL) {
        return fc_error_set(in->error, FC_FAILED, NULL, 0, 0, "no memory left for the script");
    }
    *var = (variable){.name = name, .value = value, .line = line, .next = in->variables};
    in->variables = var;
    return FC_OK;
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static bool is_separator(char c) { return c == '\0' || strchr(" \t\r\n;|&<>()", c) != NULL; }

/* Blanks, separators, continuations and comments before a word; *ended where a command ended on the way. */
static void skip(shell *in, bool *ended) {
    while (in->at < in->end) {
        if (*in->at == '\\' && in->at + 1 < in->end && (in->at[1] == '\n' || in->at[1] == '\r')) {
            in->at += in->at[1] == '\r' && in->at + 2 < in->end && in->at[2] == '\n' ? 3 : 2;
            in->line += 1;
        } else if (*in->at == '#' && !fc_text_starts(in->at, "#SBATCH ")) {
            while (in->at < in->end && *in->at != '\n') {
                in->at++;
            }
        } else if (*in->at == '\0' || is_separator(*in->at)) {
            *ended = *ended || (*in->at != ' ' && *in->at != '\t');
            in->line += *in->at == '\n';
            in->at++;
        } else {
            return;
        }
    }
}

static void add_bytes(fc_text *text, const char *bytes, size_t size) {
    if (text->size + size < MOST_WORD_BYTES) {
        fc_text_add_bytes(text, bytes, size);
    } else {
        text->failed = true;
    }
}

/* One $… at in->at: its value, or the text itself where nobody knows it. */
static fc_status expand(shell *in, fc_text *text) {
    size_t length = fc_shell_span(in->at, (size_t)(in->end - in->at));
    if (length == 0) {
        return fail(in, in->line, "the bracket that opens here after $ is never closed");
    }
    char number[32];
    const char *value = fc_shell_value(in->at, length, number, sizeof number, lookup, in);
    if (value != NULL) {
        add_bytes(text, value, strlen(value));
    } else {
        add_bytes(text, in->at, length);
    }
    for (size_t i = 0; i < length; i++) {
        in->line += in->at[i] == '\n';
    }
    in->at += length;
    return FC_OK;
}

static fc_status read_single(shell *in, fc_text *text) {
    const int line = in->line;
    for (in->at++; in->at < in->end && *in->at != '\''; in->at++) {
        in->line += *in->at == '\n';
        add_bytes(text, in->at, 1);
    }
    if (in->at >= in->end) {
        return fail(in, line, "the single quote that opens here is never closed");
    }
    in->at++;
    return FC_OK;
}

static fc_status read_double(shell *in, fc_text *text) {
    const int line = in->line;
    in->at++;
    while (in->at < in->end && *in->at != '"') {
        if (*in->at == '$') {
            FC_TRY(expand(in, text));
            continue;
        }
        if (*in->at == '\\' && in->at + 1 < in->end && strchr("\"\\$`", in->at[1]) != NULL) {
            in->at++;
        }
        in->line += *in->at == '\n';
        add_bytes(text, in->at, 1);
        in->at++;
    }
    if (in->at >= in->end) {
        return fail(in, line, "the double quote that opens here is never closed");
    }
    in->at++;
    return FC_OK;
}

/* The position is at a byte that begins a word. An assignment stops being bare text at its =. */
static fc_status read_word(shell *in, word *out) {
    fc_text text = fc_text_start(in->list->arena);
    fc_text_add(&text, "");
    *out = (word){.line = in->line,
                  .text_line = in->line,
                  .variable_only = *in->at == '$',
                  .quoted = *in->at == '\'' || *in->at == '"'};
    while (in->at < in->end && !is_separator(*in->at)) {
        if (*in->at == '\'') {
            FC_TRY(read_single(in, &text));
        } else if (*in->at == '"') {
            out->variable_only = out->variable_only || (text.size == 0 && in->at[1] == '$');
            FC_TRY(read_double(in, &text));
        } else if (*in->at == '$') {
            FC_TRY(expand(in, &text));
        } else if (*in->at == '\\' && in->at + 1 < in->end) {
            if (in->at[1] == '\n' || in->at[1] == '\r') {
                break; /* a continuation right after a word: skip() takes it */
            }
            add_bytes(&text, in->at + 1, 1);
            in->at += 2;
        } else {
            add_bytes(&text, in->at, 1);
            in->at++;
        }
    }
    if (text.failed || text.bytes == NULL) {
        return fc_error_set(in->error, FC_OVER_LIMIT, in->source, out->line, 0,
                            "a word of more than %d bytes, or no memory left for it", MOST_WORD_BYTES);
    }
    out->text = text.bytes;
    return FC_OK;
}

/* ---- options and assignments ------------------------------------------------------------------------------------- */

/* Length of NAME where the word is NAME=… or NAME+=…, else 0. */
static size_t assigned_name(const word *given) {
    size_t length = fc_shell_name(given->text);
    bool assigns =
        length > 0 && (given->text[length] == '=' || (given->text[length] == '+' && given->text[length + 1] == '='));
    return assigns && !given->quoted && !given->variable_only ? length : 0;
}

static bool is_option(const word *given) {
    return given->text[0] == '-' && given->text[1] == '-' && given->text[2] != '\0' && !given->variable_only;
}

static fc_status read_commands(shell *in);

static fc_status take_assignment(shell *in, const word *given, size_t length) {
    const char *name = fc_arena_strndup(in->list->arena, given->text, length);
    const char *value = strchr(given->text, '=') + 1;
    if (name == NULL) {
        return fc_error_set(in->error, FC_FAILED, NULL, 0, 0, "no memory left for the script");
    }
    FC_TRY(remember(in, name, value, given->line));
    const char *first = value + strspn(value, " \t\r\n\\");
    if (!fc_text_starts(first, "--")) {
        return FC_OK;
    }
    if (in->depth >= MOST_DEPTH) {
        return fail(in, given->line, "options inside quotes inside quotes, too deep to read");
    }
    shell inner = *in;
    inner.at = value;
    inner.end = value + strlen(value);
    inner.line = given->text_line;
    inner.depth += 1;
    FC_TRY(read_commands(&inner));
    in->variables = inner.variables;
    in->variables_count = inner.variables_count;
    return FC_OK;
}

/* `--name=value`, or `--name` with the words that follow it in *values. */
static fc_status take_option(shell *in, const word *given, const char *values) {
    const char *name = given->text + 2;
    const char *equals = strchr(name, '=');
    if (equals == NULL) {
        return fc_given_add(in->list, name, values, (fc_place){in->source, given->line, 0}, false, in->error);
    }
    char *alone = fc_arena_strndup(in->list->arena, name, (size_t)(equals - name));
    if (alone == NULL) {
        return fc_error_set(in->error, FC_FAILED, NULL, 0, 0, "no memory left for the script");
    }
    return fc_given_add(in->list, alone, equals + 1, (fc_place){in->source, given->line, 0}, false, in->error);
}

typedef struct pending {
    bool active;
    word option;
    fc_text values;
} pending;

static fc_status finish(shell *in, pending *open) {
    if (!open->active) {
        return FC_OK;
    }
    open->active = false;
    fc_text_add(&open->values, "");
    if (open->values.failed) {
        return fc_error_set(in->error, FC_FAILED, NULL, 0, 0, "no memory left for the script");
    }
    return take_option(in, &open->option, open->values.bytes != NULL ? open->values.bytes : "");
}

static fc_status take_word(shell *in, pending *open, const word *given) {
    const size_t length = assigned_name(given);
    if (length > 0) {
        FC_TRY(finish(in, open));
        return take_assignment(in, given, length);
    }
    if (is_option(given)) {
        FC_TRY(finish(in, open));
        *open = (pending){.active = true, .option = *given, .values = fc_text_start(in->list->arena)};
        return FC_OK;
    }
    if (given->variable_only && (fc_text_starts(given->text, "--") || strchr(given->text, '[') != NULL)) {
        return finish(in, open); /* "${ARGS[@]}": read where it was set */
    }
    if (open->active && open->values.size < MOST_WORD_BYTES) {
        fc_text_addf(&open->values, "%s%s", open->values.size > 0 ? " " : "", given->text);
    }
    return FC_OK;
}

static fc_status read_commands(shell *in) {
    pending open = {0};
    while (true) {
        bool ended = false;
        skip(in, &ended);
        if (ended) {
            FC_TRY(finish(in, &open));
        }
        if (in->at >= in->end) {
            return finish(in, &open);
        }
        if (*in->at == '#') { /* #SBATCH: the rest of the line is options */
            in->at += strlen("#SBATCH");
            continue;
        }
        word given;
        FC_TRY(read_word(in, &given));
        FC_TRY(take_word(in, &open, &given));
    }
}

fc_status fc_given_read_shell(fc_given_list *list, const char *source, const char *bytes, size_t size,
                              fc_error *error) {
    shell in = {.list = list, .source = source, .at = bytes, .end = bytes + size, .line = 1, .error = error};
    FC_TRY(read_commands(&in));
    for (const variable *var = in.variables; var != NULL; var = var->next) {
        bool later = false; /* the last assignment of a name counts: variables stand newest first */
        for (const variable *newer = in.variables; newer != var && !later; newer = newer->next) {
            later = strcmp(newer->name, var->name) == 0;
        }
        if (!later) {
            const char *name = fc_arena_printf(list->arena, "$%s", var->name);
            if (name == NULL) {
                return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the script");
            }
            FC_TRY(fc_given_add(list, name, var->value, (fc_place){source, var->line, 0}, false, error));
        }
    }
    return FC_OK;
}
