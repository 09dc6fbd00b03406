#include "text.h"

#include <string.h>

static const char ellipsis[] = "…";

size_t fc_text_character_size(const char *bytes, size_t size) {
    if (size == 0) {
        return 0;
    }
    const unsigned char *b = (const unsigned char *)bytes;
    if (b[0] < 0x80) {
        return 1;
    }
    size_t length = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    if (b[0] < 0xC2 || b[0] > 0xF4 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    /* Overlong forms, surrogates and what lies beyond U+10FFFF differ in the second byte. */
    bool wrong = (b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F) || (b[0] == 0xF0 && b[1] < 0x90) ||
                 (b[0] == 0xF4 && b[1] > 0x8F);
    return wrong ? 0 : length;
}

void fc_text_excerpt(char *out, size_t out_size, const char *text) {
    if (out_size == 0) {
        return;
    }
    /* No more is looked at than what could fit and the rest of its last character: a text may have megabytes. */
    size_t seen = 0;
    while (seen < out_size + 3 && text[seen] != '\0') {
        seen++;
    }
    size_t size = 0;
    size_t cut = 0;
    size_t i = 0;
    while (i < seen) {
        size_t length = fc_text_character_size(text + i, seen - i);
        bool odd = length == 0 || (unsigned char)text[i] < 0x20 || text[i] == 0x7F;
        length = length == 0 ? 1 : length;
        if (size + length >= out_size) {
            break;
        }
        if (odd) {
            out[size] = text[i] == '\n' || text[i] == '\t' || text[i] == '\r' ? ' ' : '?';
        } else {
            memcpy(out + size, text + i, length);
        }
        size += length;
        i += length;
        cut = size + sizeof ellipsis <= out_size ? size : cut;
    }
    if (text[i] != '\0' && out_size >= sizeof ellipsis) {
        memcpy(out + cut, ellipsis, sizeof ellipsis - 1);
        size = cut + sizeof ellipsis - 1;
    }
    out[size] = '\0';
}
