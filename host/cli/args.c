/* args.c: options anywhere, `--name value` and `--name=value`, `--` ends them. */
#include "args.h"

#include "../base/units.h"

#include <inttypes.h>
#include <string.h>

#define SOURCE "command line"
#define MAX_OPTION_NAMES 128

const fc_option FC_COMMON_OPTIONS[] = {
    {"--format", "FORMAT", false, "text, json, csv or md; left out: by the ending of -o, else text"},
    {"-o", "FILE", false, "write there instead of stdout, whole or not at all"},
    {"--set", "KEY=VALUE", true, "set one key of the study; may stand several times"},
    {"--calibration", "FILE", false, "what `flopcast bench` measured here; makes the chip \"local\""},
    {"--seed", "N", false, "seed of the random draws"},
    {"--threads", "N", false, "threads to use; left out: all"},
    {"--quiet", NULL, false, "no notes on stderr"},
    {"--no-color", NULL, false, "plain text; so does the variable NO_COLOR"},
    {"--data", "DIR", false, "the folder that holds chips/, models/ …"},
    {"--help", NULL, false, "this text"},
    {NULL, NULL, false, NULL},
};

/* ---- names -------------------------------------------------------------------------------------------------- */

/* Whether `word` is this option, alone or followed by '='. */
static bool is_named(const char *word, const char *name) {
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

static const fc_option *find_option(const fc_option *options, const char *word) {
    for (const fc_option *option = options; option != NULL && option->name != NULL; option++) {
        if (is_named(word, option->name)) {
            return option;
        }
    }
    return NULL;
}

/* What people type by habit. */
static const char *spelled_out(const char *word) { return strcmp(word, "-h") == 0 ? "--help" : word; }

static bool looks_like_option(const char *word) { return word[0] == '-' && word[1] != '\0'; }

static const fc_option *find_for(const fc_command *command, const char *word) {
    const fc_option *own = command != NULL ? find_option(command->options, word) : NULL;
    return own != NULL ? own : find_option(FC_COMMON_OPTIONS, word);
}

int fc_args_find_command(int argc, const char *const *argv, const fc_command *const *commands) {
    for (int i = 1; i < argc; i++) {
        const char *word = spelled_out(argv[i]);
        if (strcmp(word, "--") == 0) {
            return i + 1 < argc ? i + 1 : 0;
        }
        if (!looks_like_option(word)) {
            return i;
        }
        const fc_option *option = find_option(FC_COMMON_OPTIONS, word);
        for (size_t c = 0; commands[c] != NULL && option == NULL; c++) {
            option = find_option(commands[c]->options, word);
        }
        if (option != NULL && option->value != NULL && strchr(word, '=') == NULL) {
            i++;
        }
    }
    return 0;
}

/* ---- parsing ------------------------------------------------------------------------------------------------ */

static size_t gather_names(const char *names[MAX_OPTION_NAMES], const fc_option *options, size_t count) {
    for (const fc_option *option = options; option != NULL && option->name != NULL; option++) {
        if (count < MAX_OPTION_NAMES) {
            names[count++] = option->name;
        }
    }
    return count;
}

static fc_status unknown_option(const char *word, const fc_command *command, const char *program, fc_error *error) {
    const char *names[MAX_OPTION_NAMES];
    size_t count = gather_names(names, command != NULL ? command->options : NULL, 0);
    count = gather_names(names, FC_COMMON_OPTIONS, count);
    char bare[FC_NAME_SIZE];
    (void)fc_text_copy(bare, sizeof bare, word); /* an option longer than that resembles none */
    bare[strcspn(bare, "=")] = '\0';
    const char *nearest = fc_text_nearest(bare, names, count);
    const char *name = command != NULL ? command->name : "";
    return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "unknown option %s%s%s%s; `%s help%s%s` lists them", bare,
                        nearest != NULL ? " (did you mean " : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "?)" : "", program, name[0] != '\0' ? " " : "", name);
}

static fc_status too_many(fc_error *error) {
    return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "more than %d arguments; give fewer", FC_MAX_ARGS);
}

static fc_status add_option(fc_args *out, const fc_option *option, const char *value, fc_error *error) {
    if (out->given_count >= FC_MAX_ARGS) {
        return too_many(error);
    }
    out->given[out->given_count] = option;
    out->given_value[out->given_count] = value;
    out->given_count++;
    return FC_OK;
}

static fc_status add_positional(fc_args *out, const char *word, fc_error *error) {
    if (out->positional_count >= FC_MAX_ARGS) {
        return too_many(error);
    }
    out->positional_storage[out->positional_count++] = word;
    return FC_OK;
}

/* The word after the option, unless it is plainly the next option; the command's own name is never a value. */
static fc_status parse_option(fc_args *out, int argc, const char *const *argv, int *i, int skip,
                              const fc_command *command, const char *program, fc_error *error) {
    const char *word = spelled_out(argv[*i]);
    const fc_option *option = find_for(command, word);
    if (option == NULL) {
        return unknown_option(word, command, program, error);
    }
    const char *equals = strchr(word, '=');
    if (option->value == NULL) {
        if (equals != NULL) {
            return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "%s takes no value; write %s alone", option->name,
                                option->name);
        }
        return add_option(out, option, "", error);
    }
    if (equals != NULL) {
        return add_option(out, option, equals + 1, error);
    }
    int next = *i + 1;
    if (next >= argc || next == skip || strncmp(argv[next], "--", 2) == 0) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "%s needs a value: %s %s", option->name, option->name,
                            option->value);
    }
    *i = next;
    return add_option(out, option, argv[next], error);
}

fc_status fc_args_parse(fc_args *out, int argc, const char *const *argv, int command_index, const fc_command *command,
                        const char *program, fc_error *error) {
    memset(out, 0, sizeof *out);
    bool options_ended = false;
    for (int i = 1; i < argc; i++) {
        if (i == command_index) {
            continue;
        }
        if (!options_ended && strcmp(argv[i], "--") == 0) {
            options_ended = true;
        } else if (!options_ended && looks_like_option(argv[i])) {
            FC_TRY(parse_option(out, argc, argv, &i, command_index, command, program, error));
        } else {
            FC_TRY(add_positional(out, argv[i], error));
        }
    }
    out->positional = out->positional_storage;
    return FC_OK;
}

/* ---- questions ---------------------------------------------------------------------------------------------- */

const char *fc_args_value(const fc_args *args, const char *name) {
    for (int i = args->given_count - 1; i >= 0; i--) {
        if (strcmp(args->given[i]->name, name) == 0) {
            return args->given_value[i];
        }
    }
    return NULL;
}

bool fc_args_has(const fc_args *args, const char *name) { return fc_args_value(args, name) != NULL; }

const char *fc_args_nth(const fc_args *args, const char *name, int index) {
    for (int i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i]->name, name) == 0 && index-- == 0) {
            return args->given_value[i];
        }
    }
    return NULL;
}

fc_status fc_args_u64(uint64_t *out, const fc_args *args, const char *name, uint64_t fallback, uint64_t least,
                      uint64_t most, fc_error *error) {
    *out = fallback;
    const char *text = fc_args_value(args, name);
    if (text == NULL) {
        return FC_OK;
    }
    uint64_t value = 0;
    if (fc_units_parse_u64(&value, text, NULL) != FC_OK || value < least || value > most) {
        return fc_error_set(error, FC_USAGE, SOURCE, 0, 0,
                            "%s is \"%.64s\"; allowed is a whole number from %" PRIu64 " to %" PRIu64, name, text,
                            least, most);
    }
    *out = value;
    return FC_OK;
}

/* ---- formats ------------------------------------------------------------------------------------------------ */

typedef struct format_row {
    const char *name;
    const char *ending;
    char letter;
    fc_format format;
} format_row;

static const format_row format_rows[] = {
    {"text", ".txt", 't', FC_FORMAT_TEXT},  {"json", ".json", 'j', FC_FORMAT_JSON}, {"csv", ".csv", 'c', FC_FORMAT_CSV},
    {"md", ".md", 'm', FC_FORMAT_MARKDOWN}, {"svg", ".svg", 's', FC_FORMAT_SVG},
    {"megatron", ".sh", 'G', FC_FORMAT_MEGATRON},
    {"torchtitan", ".toml", 'T', FC_FORMAT_TORCHTITAN},
    {"calculon", ".calculon.json", 'K', FC_FORMAT_CALCULON},
    {"jsonl", ".jsonl", 'l', FC_FORMAT_JSONL},
};
#define FORMAT_COUNT (sizeof format_rows / sizeof format_rows[0])

static fc_status refuse_format(const char *what, const char *allowed, fc_error *error) {
    char names[96] = "";
    size_t size = 0;
    for (size_t i = 0; i < FORMAT_COUNT && size < sizeof names; i++) {
        if (strchr(allowed, format_rows[i].letter) != NULL) {
            const char *before = size > 0 ? ", " : "";
            size += (size_t)snprintf(names + size, sizeof names - size, "%s%s", before, format_rows[i].name);
        }
    }
    return fc_error_set(error, FC_USAGE, SOURCE, 0, 0, "%.80s is no format of this command; allowed is --format %s",
                        what, names);
}

/* An ending of another kind of document than this command makes: writing text into it would surprise. */
static bool is_foreign_ending(const char *path) { return fc_text_ends(path, ".html") || fc_text_ends(path, ".trace"); }

fc_status fc_args_format(fc_format *out, const fc_args *args, const char *allowed, fc_error *error) {
    *out = FC_FORMAT_TEXT;
    const char *name = fc_args_value(args, "--format");
    const char *path = fc_args_value(args, "-o");
    if (name == NULL && path == NULL) {
        return FC_OK;
    }
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        const format_row *row = &format_rows[i];
        if (name != NULL ? strcmp(name, row->name) == 0 : fc_text_ends(path, row->ending)) {
            if (strchr(allowed, row->letter) == NULL) {
                return refuse_format(name != NULL ? name : path, allowed, error);
            }
            *out = row->format;
            return FC_OK;
        }
    }
    return name != NULL || is_foreign_ending(path) ? refuse_format(name != NULL ? name : path, allowed, error) : FC_OK;
}
