/* table.h: aligned text tables: right-aligned numbers, left-aligned words, columns as wide as they need. */
#ifndef FLOPCAST_HOST_DOORS_TABLE_H
#define FLOPCAST_HOST_DOORS_TABLE_H

#include "../base/text.h"
#include "flopcast/base.h"

#define FC_TABLE_MAX_COLUMNS 20

typedef struct fc_table fc_table;

/* `alignment` has one letter a column: 'l' or 'r'. The table lives in the arena. NULL without memory. */
fc_table *fc_table_start(fc_arena *arena, const char *alignment);
/* One row of as many cells as there are columns; NULL is an empty cell. The first row may be made the heading. */
void fc_table_heading(fc_table *table, const char *const *cells);
void fc_table_row(fc_table *table, const char *const *cells);
/* A row cell by cell, printf-like, for rows that are computed. */
void fc_table_cellf(fc_table *table, const char *format, ...) FC_PRINTF(2, 3);
/* Adds the table to `text`: two spaces between columns, `indent` spaces before, no spaces at line ends. Where lines would
 * be longer than `width` (0: any length) the last left-aligned column gives way: its cells are cut with …. UTF-8 code
 * points count as one column; control bytes are not passed on. When the table ran out of memory, text->failed is set. */
void fc_table_print(const fc_table *table, fc_text *text, int indent, int width);
/* The same as a Markdown table. Pipes, backslashes and < in cells are escaped. */
void fc_table_print_markdown(const fc_table *table, fc_text *text);
/* The same as CSV (RFC 4180, but lines end in LF as in data/); a cell that starts with = + - @ and is not a number gets a leading apostrophe. */
void fc_table_print_csv(const fc_table *table, fc_text *text);

#endif
