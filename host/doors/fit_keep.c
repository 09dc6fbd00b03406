/* fit_keep.c: lines of the files of chips and stacks, replaced one by one. */
#include "fit_keep.h"

#include "../base/text.h"
#include "../base/tree.h"

#include <math.h> /* fabs */
#include <stdbool.h>
#include <string.h>

enum { DIGITS = 4, MOST_NAMED = 5 };
static const double LEAST_TOLD = 0.05; /* a correlation below this is none */

/* One file on its way. */
typedef struct kept_file {
    const char *path;
    uint32_t noun;
    const char *name;
    const char *text; /* as it will be */
} kept_file;

/* Where a line stands in a text. */
typedef struct line_place {
    const char *begin;
    const char *end; /* behind its line end, or the end of the text */
    int number;
} line_place;

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the files of the fit");
}

/* ---- lines -------------------------------------------------------------------------------------------------------- */

static const char *line_end(const char *at) {
    const char *end = strchr(at, '\n');
    return end != NULL ? end + 1 : at + strlen(at);
}

static bool begins_with_key(const char *line, const char *key) {
    size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ':' && strchr(" \t\r\n", line[length + 1]) != NULL;
}

/* The line of a key that is not indented; false: there is none. */
static bool find_line(line_place *out, const char *text, const char *key) {
    int number = 1;
    for (const char *at = text; *at != '\0'; at = line_end(at), ++number) {
        if (begins_with_key(at, key)) {
            *out = (line_place){.begin = at, .end = line_end(at), .number = number};
            return true;
        }
    }
    return false;
}

static bool is_indented(const char *line) { return *line == ' ' || *line == '\t'; }

/* `line` in place of begin to end; the line end stays what it was. */
static const char *splice(fc_arena *arena, const char *text, const char *begin, const char *end, const char *line) {
    fc_text out = fc_text_start(arena);
    bool ended = end > text && end[-1] == '\n';
    bool returned = ended && end - text > 1 && end[-2] == '\r';
    fc_text_add_bytes(&out, text, (size_t)(begin - text));
    if (begin == end && !ended && begin > text) {
        fc_text_add(&out, "\n"); /* added behind a last line without an end */
    }
    fc_text_add(&out, line);
    fc_text_add(&out, returned ? "\r\n" : "\n");
    fc_text_add(&out, end);
    return out.failed ? NULL : out.bytes;
}

/* ---- one value ---------------------------------------------------------------------------------------------------- */

/* "bloom, foundry and 3 more": the families of the runs that the parameter changes. */
static void add_families(fc_text *note, const fc_fit_kept *kept, uint32_t parameter) {
    uint32_t count = 0;
    for (uint32_t f = 0; f < kept->spec->families_count; ++f) {
        if ((kept->result->values[parameter].families >> f & 1u) != 0) {
            if (count < MOST_NAMED) {
                fc_text_addf(note, "%s%s", count > 0 ? ", " : "", kept->spec->families[f].name);
            }
            count += 1;
        }
    }
    if (count > MOST_NAMED) {
        fc_text_addf(note, " and %u more", count - MOST_NAMED);
    }
}

static const char *value_line(const fc_fit_kept *kept, const char *key, uint32_t parameter, fc_arena *arena) {
    const fc_fit_value *value = &kept->result->values[parameter];
    const fc_fit_parameter *p = &kept->spec->parameters[parameter];
    fc_text line = fc_text_start(arena);
    fc_text_addf(&line, "%s: {low: %.*g, mid: %.*g, high: %.*g, source: fit, checked: false, grade: published, ", key,
                 DIGITS, value->p10, DIGITS, value->value, DIGITS, value->p90);
    fc_text_add(&line, "note: \"fitted on ");
    add_families(&line, kept, parameter);
    fc_text_addf(&line, ", %u rows, %s", value->rows_count, kept->date);
    if (p->fields_count > 1) {
        fc_text_addf(&line, "; one number in %u fields", p->fields_count);
    }
    if (value->at_bound) {
        fc_text_add(&line, "; at a bound of the fit");
    }
    if (value->partner >= 0 && fabs(value->correlation) >= LEAST_TOLD) {
        fc_text_addf(&line, "; trades off against %s (r = %.2f)", kept->spec->parameters[value->partner].name,
                     value->correlation);
    }
    fc_text_add(&line, "\"}");
    return line.failed ? NULL : line.bytes;
}

static fc_status put_value(kept_file *file, const fc_fit_kept *kept, const char *key, uint32_t parameter,
                           fc_arena *arena, fc_error *error) {
    line_place place;
    const char *line = value_line(kept, key, parameter, arena);
    if (line == NULL) {
        return no_memory(error);
    }
    if (!find_line(&place, file->text, key)) {
        const char *end = file->text + strlen(file->text);
        file->text = splice(arena, file->text, end, end, line);
        return file->text != NULL ? FC_OK : no_memory(error);
    }
    if (is_indented(place.end)) {
        return fc_error_set(error, FC_BAD_INPUT, file->path, place.number, 1,
                            "%s goes on over several lines; write it on one, so that it can be replaced", key);
    }
    file->text = splice(arena, file->text, place.begin, place.end, line);
    return file->text != NULL ? FC_OK : no_memory(error);
}

/* ---- the source --------------------------------------------------------------------------------------------------- */

/* Adds `fit` to the map `sources`, behind its last entry. */
static fc_status put_source(kept_file *file, const fc_fit_kept *kept, fc_arena *arena, fc_error *error) {
    line_place place;
    const char *title = "{title: \"fitted here to published training runs by flopcast fit\", date:";
    if (!find_line(&place, file->text, "sources")) {
        const char *end = file->text + strlen(file->text);
        const char *block = fc_arena_printf(arena, "sources:\n  fit: %s %s}", title, kept->date);
        file->text = block != NULL ? splice(arena, file->text, end, end, block) : NULL;
        return file->text != NULL ? FC_OK : no_memory(error);
    }
    const char *at = place.end;
    int indent = (int)strspn(at, " ");
    if (indent == 0) {
        return fc_error_set(
            error, FC_BAD_INPUT, file->path, place.number, 1,
            "sources is not a block of one indented line a source; write it so, and `fit` can be added");
    }
    for (; is_indented(at); at = line_end(at)) {
        if (begins_with_key(at + strspn(at, " "), "fit")) {
            return FC_OK;
        }
    }
    const char *line = fc_arena_printf(arena, "%*sfit: %s %s}", indent, "", title, kept->date);
    file->text = line != NULL ? splice(arena, file->text, at, at, line) : NULL;
    return file->text != NULL ? FC_OK : no_memory(error);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static fc_status open_file(kept_file *out, const fc_fit_kept *kept, const fc_fit_field *field, fc_arena *arena,
                           fc_error *error) {
    char *bytes = NULL;
    size_t size = 0;
    const char *kind = field->noun == FC_FIT_STACK ? "stacks" : "chips";
    *out = (kept_file){.noun = field->noun, .name = field->name};
    out->path = fc_arena_printf(arena, "%s/%s/%s.yaml", kept->folder, kind, field->name);
    if (out->path == NULL) {
        return no_memory(error);
    }
    FC_TRY(fc_file_read(&bytes, &size, arena, out->path, error));
    if (strlen(bytes) != size) {
        return fc_error_set(error, FC_BAD_INPUT, out->path, 0, 0, "there is a zero byte in this file");
    }
    out->text = bytes;
    return FC_OK;
}

static fc_status find_file(kept_file **out, kept_file *files, uint32_t *count, const fc_fit_kept *kept,
                           const fc_fit_field *field, fc_arena *arena, fc_error *error) {
    for (uint32_t i = 0; i < *count; ++i) {
        if (files[i].noun == field->noun && strcmp(files[i].name, field->name) == 0) {
            *out = &files[i];
            return FC_OK;
        }
    }
    *out = &files[*count];
    FC_TRY(open_file(*out, kept, field, arena, error));
    *count += 1;
    return FC_OK;
}

static fc_status edit(kept_file *files, uint32_t *count, const fc_fit_kept *kept, fc_arena *arena, fc_error *error) {
    for (uint32_t i = 0; i < kept->spec->parameters_count; ++i) {
        const fc_fit_parameter *parameter = &kept->spec->parameters[i];
        for (uint32_t j = 0; kept->result->values[i].rows_count > 0 && j < parameter->fields_count; ++j) {
            kept_file *file = NULL;
            FC_TRY(find_file(&file, files, count, kept, &parameter->fields[j], arena, error));
            FC_TRY(put_value(file, kept, parameter->fields[j].key, i, arena, error));
        }
    }
    for (uint32_t i = 0; i < *count; ++i) {
        fc_node *tree = NULL;
        FC_TRY(put_source(&files[i], kept, arena, error));
        FC_TRY(fc_yaml_parse(&tree, arena, files[i].path, files[i].text, strlen(files[i].text), error));
    }
    return FC_OK;
}

fc_status fc_fit_keep(uint32_t *out_count, const fc_fit_kept *kept, fc_arena *arena, fc_error *error) {
    uint32_t count = 0;
    kept_file *files = fc_arena_alloc(arena, FC_FIT_MOST_FIELDS * sizeof *files);
    if (files == NULL) {
        return no_memory(error);
    }
    *out_count = 0;
    FC_TRY(edit(files, &count, kept, arena, error));
    for (uint32_t i = 0; i < count; ++i) {
        FC_TRY(fc_file_write(files[i].path, files[i].text, strlen(files[i].text), error));
        *out_count += 1;
    }
    return FC_OK;
}

const char *fc_fit_put_line(fc_arena *arena, const char *text, const char *key, const char *line) {
    line_place place;
    if (find_line(&place, text, key)) {
        return splice(arena, text, place.begin, place.end, line);
    }
    const char *end = text + strlen(text);
    return splice(arena, text, end, end, line);
}
