/* import_expand.c: variables and whole-number arithmetic of a shell script. */
#include "import_shell.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NESTING = 32 };

size_t fc_shell_name(const char *text) {
    if (!isalpha((unsigned char)text[0]) && text[0] != '_') {
        return 0;
    }
    size_t length = 1;
    while (isalnum((unsigned char)text[length]) || text[length] == '_') {
        length++;
    }
    return length;
}

size_t fc_shell_span(const char *text, size_t size) {
    if (size < 2) {
        return size;
    }
    if (text[1] != '{' && text[1] != '(') {
        size_t name = fc_shell_name(text + 1);
        return name > 0 ? 1 + name : isdigit((unsigned char)text[1]) || strchr("@*#?", text[1]) != NULL ? 2 : 1;
    }
    const char open = text[1];
    const char close = open == '{' ? '}' : ')';
    size_t depth = 0;
    for (size_t i = 1; i < size; i++) {
        depth += text[i] == open;
        if (text[i] == close && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* ---- $(( … )) -------------------------------------------------------------------------------------------------- */

typedef struct sum {
    const char *at;
    const char *end;
    fc_shell_lookup *lookup;
    const void *context;
    int depth;
    bool failed; /* something that is no whole number, or an overflow: then nobody knows the value */
} sum;

static int64_t read_sum(sum *in);

static void skip_blanks(sum *in) {
    while (in->at < in->end && isspace((unsigned char)*in->at)) {
        in->at++;
    }
}

static int64_t to_number(sum *in, const char *text, size_t length) {
    int64_t value = 0;
    in->failed = in->failed || length == 0 || length > 15;
    for (size_t i = 0; i < length && !in->failed; i++) {
        in->failed = !isdigit((unsigned char)text[i]);
        value = 10 * value + (text[i] - '0');
    }
    return in->failed ? 0 : value;
}

static int64_t read_factor(sum *in) {
    skip_blanks(in);
    if (in->at >= in->end || in->depth > MOST_NESTING) {
        in->failed = true;
        return 0;
    }
    if (*in->at == '(') {
        in->at++;
        in->depth++;
        int64_t value = read_sum(in);
        in->depth--;
        skip_blanks(in);
        in->failed = in->failed || in->at >= in->end || *in->at != ')';
        in->at += !in->failed;
        return value;
    }
    bool braced = in->at + 1 < in->end && in->at[0] == '$' && in->at[1] == '{';
    in->at += braced ? 2 : *in->at == '$';
    size_t name = fc_shell_name(in->at);
    if (name > 0) {
        const char *value = in->lookup(in->context, in->at, name);
        in->at += name + braced;
        in->failed = in->failed || value == NULL || (braced && in->at[-1] != '}');
        return in->failed ? 0 : to_number(in, value, strlen(value));
    }
    size_t digits = 0;
    while (in->at + digits < in->end && isdigit((unsigned char)in->at[digits])) {
        digits++;
    }
    int64_t value = to_number(in, in->at, digits);
    in->at += digits;
    return value;
}

static int64_t read_product(sum *in) {
    int64_t value = read_factor(in);
    for (skip_blanks(in); !in->failed && in->at < in->end && strchr("*/%", *in->at) != NULL; skip_blanks(in)) {
        const char sign = *in->at++;
        const int64_t next = read_factor(in);
        if (sign == '*') {
            in->failed = in->failed || __builtin_mul_overflow(value, next, &value);
        } else if (next == 0 || (value == INT64_MIN && next == -1)) {
            in->failed = true;
        } else {
            value = sign == '/' ? value / next : value % next;
        }
    }
    return value;
}

static int64_t read_sum(sum *in) {
    int64_t value = read_product(in);
    for (skip_blanks(in); !in->failed && in->at < in->end && (*in->at == '+' || *in->at == '-'); skip_blanks(in)) {
        const bool plus = *in->at++ == '+';
        const int64_t next = read_product(in);
        in->failed = in->failed ||
                     (plus ? __builtin_add_overflow(value, next, &value) : __builtin_sub_overflow(value, next, &value));
    }
    return value;
}

static const char *work_out(const char *text, size_t length, char *number, size_t number_size, fc_shell_lookup *lookup,
                            const void *context) {
    sum in = {.at = text, .end = text + length, .lookup = lookup, .context = context};
    const int64_t value = read_sum(&in);
    skip_blanks(&in);
    if (in.failed || in.at != in.end) {
        return NULL;
    }
    (void)snprintf(number, number_size, "%" PRId64, value);
    return number;
}

/* ---- $X, ${X}, ${X:-default} -------------------------------------------------------------------------------------- */

static const char *known(const char *value) { return value != NULL && strpbrk(value, "$`") == NULL ? value : NULL; }

/* The default of ${X:-default}, where it is a plain word that fits, quoted or not. */
static const char *plain_default(const char *text, size_t length, char *out, size_t out_size) {
    const bool colon = length > 1 && text[0] == ':' && (text[1] == '-' || text[1] == '=');
    const size_t skip = colon ? 2 : length > 0 && text[0] == '-' ? 1 : 0;
    const char *start = text + skip;
    size_t rest = length - skip;
    if (rest >= 2 && (start[0] == '"' || start[0] == '\'') && start[rest - 1] == start[0]) {
        start += 1;
        rest -= 2;
    }
    if (skip == 0 || rest == 0 || rest >= out_size || memchr(text, '$', length) != NULL) {
        return NULL;
    }
    memcpy(out, start, rest);
    out[rest] = '\0';
    return out;
}

const char *fc_shell_value(const char *text, size_t length, char *number, size_t number_size, fc_shell_lookup *lookup,
                           const void *context) {
    if (length > 5 && text[1] == '(' && text[2] == '(' && text[length - 2] == ')') {
        return work_out(text + 3, length - 5, number, number_size, lookup, context);
    }
    const bool braced = length > 3 && text[1] == '{';
    const char *start = text + (braced ? 2 : 1);
    const size_t name = length > 1 ? fc_shell_name(start) : 0;
    if (name == 0) {
        return NULL;
    }
    const char *value = known(lookup(context, start, name));
    const size_t inside = braced ? length - 3 : length - 1;
    if (name == inside) {
        return value;
    }
    const char *other = plain_default(start + name, inside - name, number, number_size);
    return other == NULL ? NULL : value != NULL ? value : other;
}
