/* write_search_why.c: what is wrong with a plan that somebody has in mind. */
#include "write_search.h"

#include "say.h"

#include <stdio.h>

enum { MOST_CAUSES = 4 };

/* Causes of a step by how much longer they take than in the best plan, the most first; seconds a token, since batches may
 * differ. */
static void say_slower(fc_text *text, const fc_search_page *page) {
    const fc_step *mine = &page->why->estimate->point.step;
    const fc_step *best = &page->estimates[0].point.step;
    double longer_s = mine->time_s / mine->tokens_per_step - best->time_s / best->tokens_per_step;
    double used[FC_STEP_CAUSE_COUNT] = {0};
    char percent[32];
    fc_text_addf(text, "It takes %s longer a token than the best plan",
                 fc_say_percent(percent, sizeof percent, longer_s / (best->time_s / best->tokens_per_step)));
    if (!(longer_s > 0)) {
        fc_text_add(text, ": it is the best, or as fast.\n");
        return;
    }
    for (int i = 0; i < FC_STEP_CAUSE_COUNT; ++i) {
        used[i] = mine->cause_s[i] / mine->tokens_per_step - best->cause_s[i] / best->tokens_per_step;
    }
    const char *before = "; of that";
    for (int told = 0; told < MOST_CAUSES; ++told) {
        int most = 0;
        for (int i = 1; i < FC_STEP_CAUSE_COUNT; ++i) {
            most = used[i] > used[most] ? i : most;
        }
        if (used[most] < 0.01 * longer_s) {
            break;
        }
        fc_text_addf(text, "%s %s %s", before, fc_step_cause_name((fc_step_cause)most),
                     fc_say_percent(percent, sizeof percent, used[most] / longer_s));
        before = ",";
        used[most] = 0;
    }
    fc_text_add(text, ".\n");
}

static void say_too_big(fc_text *text, const fc_search_page *page) {
    const fc_memory *memory = page->why->memory;
    char bytes[32];
    char plan[320];
    fc_search_say_plan(plan, sizeof plan, page->why->closest, page->study);
    double over = memory->per_chip_bytes - memory->capacity_bytes;
    if (over > 0) {
        fc_text_addf(text, "No such plan fits: the nearest is %s over the chip's memory: %s\n",
                     fc_say(bytes, sizeof bytes, over, FC_UNIT_BYTES, 3), plan);
    } else {
        fc_text_addf(text, "No such plan fits: the nearest asks %s of its host's memory: %s\n",
                     fc_say(bytes, sizeof bytes, memory->host_bytes, FC_UNIT_BYTES, 3), plan);
    }
    for (int i = 0; i < FC_MEMORY_CAUSE_COUNT; ++i) {
        if (memory->cause_bytes[i] > 0) {
            fc_text_addf(text, "  %-14s %s\n", fc_memory_cause_name((fc_memory_cause)i),
                         fc_say(bytes, sizeof bytes, memory->cause_bytes[i], FC_UNIT_BYTES, 3));
        }
    }
}

void fc_search_say_why(fc_text *text, const fc_search_page *page) {
    const fc_search_why *why = page->why;
    char plan[320];
    char time[48];
    char count[32];
    fc_text_addf(text, "\nWith %s:\n", why->given);
    if (why->refused != NULL) {
        fc_text_addf(text, "There is no such plan: %s\n", why->refused);
        return;
    }
    if (why->found == NULL) {
        if (why->closest != NULL) {
            say_too_big(text, page);
        } else {
            fc_text_add(text, "No such plan does what is asked.\n");
        }
        return;
    }
    fc_search_say_plan(plan, sizeof plan, why->found, page->study);
    fc_text_addf(text, "The best of %s such plans takes %s a step: %s\n",
                 fc_say_count(count, sizeof count, why->tried_count),
                 fc_say(time, sizeof time, why->found->time_s, FC_UNIT_S, 3), plan);
    if (page->part->top_count > 0) {
        say_slower(text, page);
    }
}
