/* csv.h: tables with commas, record by record (RFC 4180; lines may end in LF or CR LF, a byte-order mark is skipped).
 *
 * Hostile input is refused with its line: zero bytes, quotes that never end or have text behind them, more cells or
 * longer records than the limits.
 */
#ifndef FLOPCAST_HOST_BASE_CSV_H
#define FLOPCAST_HOST_BASE_CSV_H

#include "flopcast/base.h"

#include <stdbool.h>

#define FC_CSV_MAX_CELLS 64
#define FC_CSV_MAX_RECORD_BYTES ((size_t)64 << 10)

typedef struct fc_csv {
    const char *source;
    char *cursor; /* in the caller's bytes, which reading takes apart */
    char *end;
    int line;        /* of the next record */
    int record_line; /* where the last record began */
    size_t cells_count;
    char *cells[FC_CSV_MAX_CELLS]; /* of the last record, terminated, quotes resolved */
} fc_csv;

/* `bytes` must be followed by a zero, as fc_file_read leaves them, and live as long as the cells are looked at. */
void fc_csv_start(fc_csv *out, const char *source, char *bytes, size_t size);
/* The next record that is no empty line. *found is false at the end. FC_BAD_INPUT or FC_OVER_LIMIT with the line. */
fc_status fc_csv_next(bool *found, fc_csv *csv, fc_error *error);

#endif
