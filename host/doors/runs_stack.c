/* runs_stack.c: the software of a row: the stack of that name, of the nearest year, of the family, or of the chip. */
#include "runs_row.h"

#include "../base/text.h"

#include <ctype.h>
#include <stdlib.h> /* abs */
#include <string.h>

/* What a chip of a family is usually trained with. */
typedef struct usual_stack {
    const char *family;
    const char *stack;
} usual_stack;

static const usual_stack usual[] = {
    {"nvidia", "megatron-core"},
    {"tpu", "maxtext"},
    {"trainium", "neuronx"},
    {"amd", "megatron-core"},
};

/* The year at the end of "megatron-2022", and how long the name before it is; 0: none. */
static int year_of(const char *slug, size_t *out_stem) {
    enum { DIGITS = 4 };
    size_t length = strlen(slug);
    if (length < DIGITS + 2 || slug[length - DIGITS - 1] != '-') {
        return 0;
    }
    int year = 0;
    for (size_t i = length - DIGITS; i < length; ++i) {
        if (!isdigit((unsigned char)slug[i])) {
            return 0;
        }
        year = 10 * year + (slug[i] - '0');
    }
    *out_stem = length - DIGITS - 1;
    return year;
}

/* The best entry so far. */
typedef struct candidate {
    const char *entry;
    int years_apart;
    size_t length; /* of the name that the asked one begins with */
} candidate;

static void weigh_year(candidate *best, const char *asked, const char *name, const char *entry) {
    char slug[FC_NAME_SIZE];
    size_t stem = 0;
    size_t other_stem = 0;
    fc_text_slug(slug, sizeof slug, name);
    int year = year_of(asked, &stem);
    int other = year_of(slug, &other_stem);
    if (year == 0 || other == 0 || stem != other_stem || strncmp(asked, slug, stem) != 0) {
        return;
    }
    int apart = abs(year - other);
    if (best->entry == NULL || apart < best->years_apart) {
        *best = (candidate){.entry = entry, .years_apart = apart};
    }
}

/* "maxtext-ironwood" belongs to maxtext. */
static void weigh_family(candidate *best, const char *asked, const char *name, const char *entry) {
    char slug[FC_NAME_SIZE];
    fc_text_slug(slug, sizeof slug, name);
    size_t length = strlen(slug);
    if (length > best->length && strncmp(asked, slug, length) == 0 && asked[length] == '-') {
        *best = (candidate){.entry = entry, .length = length};
    }
}

typedef void weigh_name(candidate *best, const char *asked, const char *name, const char *entry);

static const char *best_of(const fc_run_index *stacks, const char *asked, weigh_name *weigh) {
    candidate best = {0};
    for (size_t i = 0; i < stacks->count; ++i) {
        const fc_node *entry = stacks->entries[i];
        const fc_node *aliases = fc_node_get(entry, "aliases");
        weigh(&best, asked, entry->key, entry->key);
        for (const fc_node *alias = aliases != NULL ? aliases->first : NULL; alias != NULL; alias = alias->next) {
            if (alias->kind == FC_NODE_SCALAR) {
                weigh(&best, asked, alias->text, entry->key);
            }
        }
    }
    return best.entry;
}

const char *fc_run_stack(bool *assumed, const fc_run_reader *reader, const char *asked, const char *chip_family) {
    char slug[FC_NAME_SIZE];
    fc_text_slug(slug, sizeof slug, asked);
    *assumed = false;
    const char *entry = slug[0] != '\0' ? fc_run_find(&reader->stacks, asked) : NULL;
    if (entry != NULL) {
        return entry;
    }
    *assumed = true;
    entry = best_of(&reader->stacks, slug, weigh_year);
    entry = entry != NULL ? entry : best_of(&reader->stacks, slug, weigh_family);
    for (size_t i = 0; entry == NULL && i < sizeof usual / sizeof usual[0]; ++i) {
        if (fc_text_same_name(chip_family, usual[i].family)) {
            entry = fc_run_find(&reader->stacks, usual[i].stack);
        }
    }
    return entry != NULL ? entry : "default";
}

const char *fc_run_stack_release(const fc_run_reader *reader, const char *stack, const char *notes) {
    uint32_t told = fc_run_read_release(notes);
    uint32_t latest = 0;
    const char *best = stack;
    for (size_t i = 0; told > 0 && i < reader->stacks.count; ++i) {
        const char *name = reader->stacks.entries[i]->key;
        uint32_t release = fc_run_release_suffix(name, stack);
        if (release > latest && release <= told) {
            latest = release;
            best = name;
        }
    }
    return best;
}
