#include "flopcast/base.h"

#include <stdio.h>
#include <string.h>

/* An error is shown in at most 8 lines, whatever a hostile file put into the value it quotes. */
#define MAX_LINE_BREAKS 6

/* Cuts a UTF-8 character that truncation left incomplete. */
static void trim_partial_character(char *text) {
    size_t size = strlen(text);
    size_t start = size;
    while (start > 0 && size - start < 4 && ((unsigned char)text[start - 1] & 0xC0U) == 0x80U) {
        start--;
    }
    if (start == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : lead >= 0xC0U ? 2 : 1;
    if (length > 1 && size - (start - 1) < length) {
        text[start - 1] = '\0';
    }
}

/* Text from a file must not steer the terminal it is shown on. */
static void tame_control_bytes(char *text, int line_breaks) {
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '\n' && line_breaks > 0) {
            line_breaks--;
        } else if (*c == '\n' || *c == '\t') {
            *c = ' ';
        } else if ((unsigned char)*c < 0x20U || *c == 0x7F) {
            *c = '?';
        }
    }
}

fc_status fc_error_set(fc_error *error, fc_status status, const char *source, int line, int column, const char *format,
                       ...) {
    if (error == NULL || error->status != FC_OK) {
        return status;
    }
    error->status = status;
    error->line = line;
    error->column = column;
    (void)snprintf(error->source, sizeof error->source, "%s", source == NULL ? "" : source);
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (size < 0) {
        (void)snprintf(error->text, sizeof error->text, "(the message could not be formatted)");
    }
    trim_partial_character(error->source);
    trim_partial_character(error->text);
    tame_control_bytes(error->source, 0);
    tame_control_bytes(error->text, MAX_LINE_BREAKS);
    return status;
}

void fc_error_format(const fc_error *error, char *out, size_t out_size) {
    if (out_size == 0) {
        return;
    }
    const char *source = error->source[0] == '\0' && error->line > 0 ? "line" : error->source;
    int size = 0;
    if (error->line > 0 && error->column > 0) {
        size = snprintf(out, out_size, "%s:%d:%d: %s", source, (int)error->line, (int)error->column, error->text);
    } else if (error->line > 0) {
        size = snprintf(out, out_size, "%s:%d: %s", source, (int)error->line, error->text);
    } else if (source[0] != '\0') {
        size = snprintf(out, out_size, "%s: %s", source, error->text);
    } else {
        size = snprintf(out, out_size, "%s", error->text);
    }
    if (size < 0) {
        out[0] = '\0';
    }
    trim_partial_character(out);
}
