/* fit_keep_domain.c: what left-out runs taught about the step model's own error, into data/domain.yaml and domain.csv. */
#include "fit_keep.h"

#include "../base/text.h"
#include "../base/tree.h"
#include "domain_file.h"
#include "fields.h"

#include <stddef.h>
#include <string.h>

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the files of the fit");
}

static const char *law_line(const char *key, double value, size_t samples_count, const char *date, fc_arena *arena) {
    enum { DIGITS = 3 };
    return fc_arena_printf(
        arena,
        "%s: {value: %.*g, source: fit, grade: published, note: \"least pinball loss over %zu errors "
        "of runs left out with their family or chip, or fitted, %s\"}",
        key, DIGITS, value, samples_count, date);
}

static fc_status put_law(const char **text, const fc_fit_kept *kept, const fc_domain *law, size_t samples_count,
                         fc_arena *arena, fc_error *error) {
    const struct {
        const char *key;
        double value;
    } lines[] = {
        {"low_dense", law->low_dense},   {"low_moe", law->low_moe},   {"low_growth", law->low_growth},
        {"high_dense", law->high_dense}, {"high_moe", law->high_moe}, {"high_growth", law->high_growth},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; ++i) {
        const char *line = law_line(lines[i].key, lines[i].value, samples_count, kept->date, arena);
        *text = line != NULL ? fc_fit_put_line(arena, *text, lines[i].key, line) : NULL;
        if (*text == NULL) {
            return no_memory(error);
        }
    }
    return FC_OK;
}

fc_status fc_fit_keep_domain(const fc_fit_kept *kept, const fc_domain *law, const fc_domain_point *points,
                             size_t points_count, size_t samples_count, fc_arena *arena, fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    fc_node *tree = NULL;
    fc_text table = fc_text_start(arena);
    const char *yaml = fc_arena_printf(arena, "%s/domain.yaml", kept->folder);
    const char *csv = fc_arena_printf(arena, "%s/domain.csv", kept->folder);
    if (yaml == NULL || csv == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_file_read(&bytes, &size, arena, yaml, error));
    const char *text = bytes;
    FC_TRY(put_law(&text, kept, law, samples_count, arena, error));
    FC_TRY(fc_yaml_parse(&tree, arena, yaml, text, strlen(text), error));
    fc_domain_points_write(&table, points, points_count);
    if (table.failed) {
        return no_memory(error);
    }
    FC_TRY(fc_file_write(csv, table.bytes, table.size, error));
    return fc_file_write(yaml, text, strlen(text), error);
}
