/* search_lines.c: one piece of a search as a line of text: its number, a hash, its bytes in hexadecimal digits. */
#include "search_pieces.h"

#include <math.h>
#include <string.h>

static const char DIGITS[] = "0123456789abcdef";

_Static_assert(FC_SEARCH_PACKED_MOST_BYTES > sizeof(fc_search_part) + 65536, "a whole part has room in a line");

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

fc_status fc_search_line_write(size_t *out_size, fc_search_desk *desk, uint64_t index, fc_error *error) {
    size_t packed = fc_search_pack(desk->packed, sizeof desk->packed, &desk->piece);
    if (packed > sizeof desk->packed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "a piece of %zu bytes has no room in a line", packed);
    }
    char digits[32];
    int head = snprintf(digits, sizeof digits, "%llu ", (unsigned long long)index);
    char *hex = desk->line + head + 9;
    for (size_t i = 0; i < packed; i++) {
        hex[2 * i] = DIGITS[desk->packed[i] >> 4];
        hex[2 * i + 1] = DIGITS[desk->packed[i] & 15];
    }
    hex[2 * packed] = '\0';
    memcpy(desk->line, digits, (size_t)head);
    (void)snprintf(digits, sizeof digits, "%08x ", fc_text_hash(hex));
    memcpy(desk->line + head, digits, 9);
    hex[2 * packed] = '\n';
    *out_size = (size_t)head + 9 + 2 * packed + 1;
    return FC_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static int value_of(char digit) {
    const char *at = digit != '\0' ? strchr(DIGITS, digit) : NULL;
    return at != NULL ? (int)(at - DIGITS) : -1;
}

static bool read_hex(unsigned char *out, size_t out_size, const char *hex, size_t size) {
    if (size % 2 != 0 || size / 2 > out_size) {
        return false;
    }
    for (size_t i = 0; i < size / 2; i++) {
        int high = value_of(hex[2 * i]);
        int low = value_of(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool is_amount(double value) { return isfinite(value) && value >= 0; }

/* What is read is used as an index and printed: a line changed by hand must not get that far. */
static bool is_sound(const fc_found *found) {
    return found->dtype < FC_DTYPE_COUNT && found->overlap_off < 32 && is_amount(found->objective) &&
           is_amount(found->time_s) && is_amount(found->token_s) && is_amount(found->per_chip_bytes) &&
           is_amount(found->chips_count) && fc_plan_check(&found->plan, NULL) == FC_OK;
}

static bool are_sound(const fc_search_part *part) {
    bool sound = is_amount(part->evaluated_count) && is_amount(part->infeasible_count) &&
                 is_amount(part->pruned_count) && is_amount(part->excluded_count) &&
                 (part->closest.chips_count == 0 || is_sound(&part->closest));
    for (uint32_t i = 0; sound && i < part->top_count; i++) {
        sound = part->top[i].chips_count > 0 && is_sound(&part->top[i]);
    }
    const fc_found *cells = &part->front[0][0];
    for (uint32_t i = 0; sound && i < FC_FRONT_CHIP_STEPS * FC_FRONT_MEMORY_STEPS; i++) {
        sound = cells[i].chips_count == 0 || is_sound(&cells[i]);
    }
    return sound;
}

bool fc_search_line_read(fc_search_desk *desk, uint64_t index, const char *line, size_t size) {
    char head[32];
    char hash[16];
    size_t head_size = (size_t)snprintf(head, sizeof head, "%llu ", (unsigned long long)index);
    if (size < head_size + 9 || size >= sizeof desk->line || memcmp(line, head, head_size) != 0) {
        return false;
    }
    const char *hex = line + head_size + 9;
    size_t hex_size = size - head_size - 9;
    memcpy(desk->line, hex, hex_size);
    desk->line[hex_size] = '\0';
    (void)snprintf(hash, sizeof hash, "%08x ", fc_text_hash(desk->line));
    return memcmp(line + head_size, hash, 9) == 0 && read_hex(desk->packed, sizeof desk->packed, hex, hex_size) &&
           fc_search_unpack(&desk->piece, desk->packed, hex_size / 2, NULL) == FC_OK && are_sound(&desk->piece);
}
