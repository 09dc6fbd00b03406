#include "table.h"

#include "../base/number.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GAP "  "
/* A cut column keeps at least this many characters, or nothing of it could be recognised. */
#define LEAST_CUT_WIDTH 8

typedef struct row {
    const char *cells[FC_TABLE_MAX_COLUMNS]; /* NULL: empty */
    struct row *next;
} row;

struct fc_table {
    fc_arena *arena;
    size_t column_count;
    bool is_right[FC_TABLE_MAX_COLUMNS];
    row *heading;
    row *first;
    row *last;
    size_t filled; /* cells of `last` that fc_table_cellf has written; 0 when it is complete */
    bool failed;
};

fc_table *fc_table_start(fc_arena *arena, const char *alignment) {
    size_t count = strlen(alignment);
    assert(count >= 1 && count <= FC_TABLE_MAX_COLUMNS);
    if (count > FC_TABLE_MAX_COLUMNS) {
        return NULL;
    }
    fc_table *table = fc_arena_alloc(arena, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    table->arena = arena;
    table->column_count = count;
    for (size_t i = 0; i < count; i++) {
        table->is_right[i] = alignment[i] == 'r';
    }
    return table;
}

static row *new_row(fc_table *table) {
    row *r = fc_arena_alloc(table->arena, sizeof *r);
    table->failed = table->failed || r == NULL;
    return r;
}

static void copy_cells(fc_table *table, row *r, const char *const *cells) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (cells[i] != NULL) {
            r->cells[i] = fc_arena_strdup(table->arena, cells[i]);
            table->failed = table->failed || r->cells[i] == NULL;
        }
    }
}

static void append_row(fc_table *table, row *r) {
    if (table->last == NULL) {
        table->first = r;
    } else {
        table->last->next = r;
    }
    table->last = r;
    table->filled = 0;
}

void fc_table_heading(fc_table *table, const char *const *cells) {
    table->heading = new_row(table);
    if (table->heading != NULL) {
        copy_cells(table, table->heading, cells);
    }
}

void fc_table_row(fc_table *table, const char *const *cells) {
    row *r = new_row(table);
    if (r != NULL) {
        copy_cells(table, r, cells);
        append_row(table, r);
    }
}

static char *format_cell(fc_arena *arena, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *cell = size < 0 ? NULL : fc_arena_alloc(arena, (size_t)size + 1);
    if (cell != NULL) {
        (void)vsnprintf(cell, (size_t)size + 1, format, arguments);
    }
    return cell;
}

void fc_table_cellf(fc_table *table, const char *format, ...) {
    if (table->filled == 0) {
        row *r = new_row(table);
        if (r == NULL) {
            return;
        }
        append_row(table, r);
    }
    va_list arguments;
    va_start(arguments, format);
    char *cell = format_cell(table->arena, format, arguments);
    va_end(arguments);
    table->failed = table->failed || cell == NULL;
    table->last->cells[table->filled] = cell;
    table->filled = (table->filled + 1) % table->column_count;
}

static const char *cell_text(const row *r, size_t column) { return r->cells[column] == NULL ? "" : r->cells[column]; }

/* Bytes of the next character; a byte that is none counts as one. */
static size_t character_size(const char *text) {
    size_t size = fc_text_character_size(text, strnlen(text, 4));
    return size == 0 ? 1 : size;
}

static size_t count_characters(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text += character_size(text)) {
        count++;
    }
    return count;
}

/* Adds the first `count` characters. Nothing that would move the cursor or break UTF-8 gets through. */
static void add_tame(fc_text *text, const char *cell, size_t count) {
    for (; count > 0 && *cell != '\0'; count--) {
        size_t size = character_size(cell);
        unsigned char c = (unsigned char)*cell;
        if (c == '\n' || c == '\t' || c == '\r') {
            fc_text_add(text, " ");
        } else if (c < 0x20 || c == 0x7F || (c >= 0x80 && size == 1)) {
            fc_text_add(text, "?");
        } else {
            fc_text_add_bytes(text, cell, size);
        }
        cell += size;
    }
}

static void widen(size_t *widths, const fc_table *table, const row *r) {
    for (size_t i = 0; i < table->column_count; i++) {
        size_t width = count_characters(cell_text(r, i));
        widths[i] = width > widths[i] ? width : widths[i];
    }
}

/* Narrows the last left-aligned column until lines fit, as far as it goes. */
static void fit(size_t *widths, const fc_table *table, size_t indent, size_t line_width) {
    size_t total = indent + (table->column_count - 1) * (sizeof GAP - 1);
    size_t last_left = FC_TABLE_MAX_COLUMNS;
    for (size_t i = 0; i < table->column_count; i++) {
        total += widths[i];
        last_left = table->is_right[i] ? last_left : i;
    }
    if (total <= line_width || last_left == FC_TABLE_MAX_COLUMNS) {
        return;
    }
    size_t excess = total - line_width;
    size_t *width = &widths[last_left];
    size_t fitting = *width > excess ? *width - excess : 0;
    fitting = fitting < LEAST_CUT_WIDTH ? LEAST_CUT_WIDTH : fitting;
    *width = fitting < *width ? fitting : *width;
}

static void add_spaces(fc_text *text, size_t count) {
    for (; count > 0; count--) {
        fc_text_add_bytes(text, " ", 1);
    }
}

/* Spaces are held back until something follows them, so that no line ends in one. */
static void print_row(const fc_table *table, const row *r, const size_t *widths, fc_text *text, size_t indent) {
    size_t spaces = indent;
    for (size_t i = 0; i < table->column_count; i++) {
        const char *cell = cell_text(r, i);
        size_t size = count_characters(cell);
        bool is_cut = size > widths[i];
        size_t shown = is_cut ? widths[i] : size;
        spaces += table->is_right[i] ? widths[i] - shown : 0;
        if (shown > 0) {
            add_spaces(text, spaces);
            spaces = 0;
            add_tame(text, cell, is_cut ? shown - 1 : shown);
            fc_text_add(text, is_cut ? "…" : "");
        }
        spaces += (table->is_right[i] ? 0 : widths[i] - shown) + sizeof GAP - 1;
    }
    fc_text_add(text, "\n");
}

void fc_table_print(const fc_table *table, fc_text *text, int indent, int width) {
    size_t widths[FC_TABLE_MAX_COLUMNS] = {0};
    size_t margin = indent > 0 ? (size_t)indent : 0;
    if (table->heading != NULL) {
        widen(widths, table, table->heading);
    }
    for (const row *r = table->first; r != NULL; r = r->next) {
        widen(widths, table, r);
    }
    if (width > 0) {
        fit(widths, table, margin, (size_t)width);
    }
    if (table->heading != NULL) {
        print_row(table, table->heading, widths, text, margin);
    }
    for (const row *r = table->first; r != NULL; r = r->next) {
        print_row(table, r, widths, text, margin);
    }
    text->failed = text->failed || table->failed;
}

static void add_markdown(fc_text *text, const char *cell) {
    while (*cell != '\0') {
        size_t plain = strcspn(cell, "|\\<\n");
        for (size_t done = 0; done < plain;) {
            size_t size = character_size(cell + done);
            add_tame(text, cell + done, 1);
            done += size;
        }
        cell += plain;
        if (*cell == '\n') {
            fc_text_add(text, " ");
            cell++;
        } else if (*cell != '\0') {
            fc_text_addf(text, "\\%c", *cell);
            cell++;
        }
    }
}

static void print_markdown_row(const fc_table *table, const row *r, fc_text *text) {
    fc_text_add(text, "|");
    for (size_t i = 0; i < table->column_count; i++) {
        fc_text_add(text, " ");
        add_markdown(text, r == NULL ? "" : cell_text(r, i));
        fc_text_add(text, " |");
    }
    fc_text_add(text, "\n");
}

/* Markdown knows no table without a heading, so one without gets an empty one. */
void fc_table_print_markdown(const fc_table *table, fc_text *text) {
    print_markdown_row(table, table->heading, text);
    fc_text_add(text, "|");
    for (size_t i = 0; i < table->column_count; i++) {
        fc_text_add(text, table->is_right[i] ? "---:|" : ":---|");
    }
    fc_text_add(text, "\n");
    for (const row *r = table->first; r != NULL; r = r->next) {
        print_markdown_row(table, r, text);
    }
    text->failed = text->failed || table->failed;
}

static bool is_number(const char *cell) {
    fc_number number;
    return fc_number_scan(&number, &cell) == FC_NUMBER_READ && *cell == '\0';
}

/* A spreadsheet runs what begins like a formula; a leading apostrophe makes it a text. */
static void add_csv(fc_text *text, const char *cell) {
    bool is_formula = *cell != '\0' && strchr("=+-@\t\r", *cell) != NULL && !is_number(cell);
    if (!is_formula && strpbrk(cell, ",\"\r\n") == NULL) {
        fc_text_add(text, cell);
        return;
    }
    fc_text_add(text, is_formula ? "\"'" : "\"");
    for (; *cell != '\0'; cell++) {
        fc_text_add_bytes(text, cell, 1);
        if (*cell == '"') {
            fc_text_add(text, "\"");
        }
    }
    fc_text_add(text, "\"");
}

static void print_csv_row(const fc_table *table, const row *r, fc_text *text) {
    for (size_t i = 0; i < table->column_count; i++) {
        fc_text_add(text, i == 0 ? "" : ",");
        add_csv(text, cell_text(r, i));
    }
    fc_text_add(text, "\n");
}

void fc_table_print_csv(const fc_table *table, fc_text *text) {
    if (table->heading != NULL) {
        print_csv_row(table, table->heading, text);
    }
    for (const row *r = table->first; r != NULL; r = r->next) {
        print_csv_row(table, r, text);
    }
    text->failed = text->failed || table->failed;
}
