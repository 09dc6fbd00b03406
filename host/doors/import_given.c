/* import_given.c: the list of options, and the two readers that need no shell: dumps and logs. */
#include "import_given.h"

#include "import_rows.h"

#include <stdio.h>
#include <string.h>

static fc_status no_memory(fc_error *error) {
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory left for the options");
}

fc_status fc_given_add(fc_given_list *list, const char *name, const char *value, fc_place place, bool of_dump,
                       fc_error *error) {
    if (list->count >= FC_GIVEN_MOST) {
        return fc_error_set(error, FC_OVER_LIMIT, place.source, place.line, place.column,
                            "more than %d options; give a file with the options of one run", FC_GIVEN_MOST);
    }
    fc_given *given = fc_arena_alloc(list->arena, sizeof *given);
    char *copy = fc_arena_strdup(list->arena, name);
    if (given == NULL || copy == NULL) {
        return no_memory(error);
    }
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '_' ? '-' : *at;
    }
    *given = (fc_given){.name = copy, .value = value, .place = place, .of_dump = of_dump};
    if (list->last != NULL) {
        list->last->next = given;
    } else {
        list->first = given;
    }
    list->last = given;
    list->count += 1;
    return FC_OK;
}

bool fc_given_is_known(const fc_given *given) {
    bool null = given->of_dump &&
                (strcmp(given->value, "null") == 0 || strcmp(given->value, "None") == 0 || given->value[0] == '\0');
    return strpbrk(given->value, "$`") == NULL && !null;
}

const char *fc_given_dashes(const fc_given *given) { return given->of_dump || given->name[0] == '$' ? "" : "--"; }

fc_status fc_given_find(fc_given **out, const fc_given_list *list, const char *name, fc_error *error) {
    *out = NULL;
    for (fc_given *given = list->first; given != NULL; given = given->next) {
        if (strcmp(given->name, name) != 0) {
            continue;
        }
        given->used = true;
        if (*out == NULL) {
            *out = given;
        } else if (strcmp((*out)->value, given->value) != 0) {
            char here[48];
            char there[48];
            fc_text_excerpt(here, sizeof here, given->value);
            fc_text_excerpt(there, sizeof there, (*out)->value);
            return fc_place_error(
                error, given->place,
                "%s%s is \"%s\" here and \"%s\" in %s, line %d: the two contradict each other; keep one",
                fc_given_dashes(given), name, here, there, (*out)->place.source, (*out)->place.line);
        }
    }
    return FC_OK;
}

/* ---- dumps ---------------------------------------------------------------------------------------------------- */

/* A list of texts that begins with an option is a command line: its words one to a line for the reader of shells. */
static fc_status read_words(fc_given_list *list, const fc_node *words, fc_error *error) {
    fc_text text = fc_text_start(list->arena);
    for (const fc_node *word = words->first; word != NULL; word = word->next) {
        bool plain = word->kind == FC_NODE_SCALAR && strpbrk(word->text, "'\n") == NULL;
        if (!plain) {
            return fc_node_error(error, FC_BAD_INPUT, word, false,
                                 "a list of arguments holds one text without quotes or line ends a word");
        }
        fc_text_addf(&text, "'%s' ", word->text);
    }
    if (text.failed) {
        return no_memory(error);
    }
    return fc_given_read_shell(list, words->source, text.bytes, text.size, error);
}

static bool is_command_line(const fc_node *node) {
    return node->kind == FC_NODE_LIST && node->first != NULL && node->first->kind == FC_NODE_SCALAR &&
           fc_text_starts(node->first->text, "--");
}

/* The numbers or words of a list with blanks between; NULL where it holds anything else. */
static const char *joined(fc_arena *arena, const fc_node *node) {
    fc_text text = fc_text_start(arena);
    fc_text_add(&text, "");
    for (const fc_node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != FC_NODE_SCALAR) {
            return NULL;
        }
        fc_text_addf(&text, "%s%s", item == node->first ? "" : " ", item->text);
    }
    return text.failed || text.bytes == NULL ? NULL : text.bytes;
}

fc_status fc_given_read_tree(fc_given_list *list, const fc_node *tree, fc_error *error) {
    if (is_command_line(tree)) {
        return read_words(list, tree, error);
    }
    for (const fc_node *node = tree->first; node != NULL; node = node->next) {
        const fc_place place = {node->source, node->key_line > 0 ? node->key_line : node->line, node->column};
        if (node->kind == FC_NODE_MAP || node->key == NULL || is_command_line(node)) {
            FC_TRY(fc_given_read_tree(list, node, error));
            continue;
        }
        const char *value = node->kind == FC_NODE_SCALAR ? node->text
                            : node->kind == FC_NODE_LIST ? joined(list->arena, node)
                                                         : "null";
        const char *name = fc_text_starts(node->key, "--") ? node->key + 2 : node->key;
        FC_TRY(fc_given_add(list, name, value != NULL ? value : "null", place, true, error));
    }
    return FC_OK;
}

/* ---- logs ----------------------------------------------------------------------------------------------------- */

/* Cuts "  name ...... value" in place; false where the line is another. A time stamp or rank may stand before it. */
static bool cut_log_line(char **name, char **value, char *line) {
    char *dots = strstr(line, " ...");
    if (dots == NULL) {
        return false;
    }
    char *after = dots + 1 + strspn(dots + 1, ".");
    if (*after != ' ') {
        return false;
    }
    *dots = '\0';
    char *start = strrchr(line, ' ');
    *name = start != NULL ? start + 1 : line;
    *value = after + 1;
    for (char *end = *value + strlen(*value); end > *value && strchr(" \r\t", end[-1]) != NULL; end--) {
        end[-1] = '\0';
    }
    return **name != '\0' && (*name)[strspn(*name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

bool fc_given_is_log(const char *bytes, size_t size) {
    size_t found = 0;
    const char *at = bytes;
    while (found < 3 && (at = strstr(at, " .....")) != NULL && at < bytes + size) {
        at += 1 + strspn(at + 1, ".");
        found += *at == ' ';
    }
    return found >= 3;
}

/* True and None are Python's words; "torch.bfloat16" and "AttnBackend.flash" keep their last part. */
static const char *plain_value(char *value) {
    char *mark = strrchr(value, '.');
    if (strcmp(value, "True") == 0) {
        return "true";
    }
    if (strcmp(value, "False") == 0) {
        return "false";
    }
    bool dotted = fc_text_starts(value, "torch.") || fc_text_starts(value, "AttnBackend.");
    return dotted && mark != NULL ? mark + 1 : value;
}

fc_status fc_given_read_log(fc_given_list *list, const char *source, char *bytes, size_t size, fc_error *error) {
    fc_import_lines lines = fc_import_lines_of(bytes, size);
    for (char *line = fc_import_next_line(&lines); line != NULL; line = fc_import_next_line(&lines)) {
        char *name = NULL;
        char *value = NULL;
        if (cut_log_line(&name, &value, line)) {
            FC_TRY(fc_given_add(list, name, plain_value(value), (fc_place){source, lines.number, 0}, true, error));
        }
    }
    return FC_OK;
}
