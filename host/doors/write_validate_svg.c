/* write_validate_svg.c: predicted against measured step times, both axes logarithmic. */
#include "write_validate.h"

#include <ctype.h>
#include <math.h> /* log10: rounded to a tenth of a unit of the picture */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 860,
    HEIGHT = 640,
    LEFT = 70,
    TOP = 46,
    SIDE = 530, /* of the square that is drawn into */
    LEGEND = 620,
    MOST_FAMILIES = 24,
    COLOURS = 8,
    MARKS = 3
};

/* Told apart by people who do not see red and green apart (Okabe and Ito 2008, black left out). */
static const char *const colours[COLOURS] = {"#e69f00", "#56b4e9", "#009e73", "#c9b400",
                                             "#0072b2", "#d55e00", "#cc79a7", "#888888"};

typedef struct family {
    char name[FC_NAME_SIZE];
    size_t count;
} family;

typedef struct picture {
    fc_text *text;
    const fc_run_report *report;
    int first_decade; /* of both axes */
    int decades;
    family families[MOST_FAMILIES];
    size_t families_count;
} picture;

/* ---- words ------------------------------------------------------------------------------------------------------ */

static void add_escaped(fc_text *text, const char *words) {
    for (; *words != '\0'; ++words) {
        switch (*words) {
        case '&':
            fc_text_add(text, "&amp;");
            break;
        case '<':
            fc_text_add(text, "&lt;");
            break;
        case '>':
            fc_text_add(text, "&gt;");
            break;
        case '"':
            fc_text_add(text, "&quot;");
            break;
        default:
            if ((unsigned char)*words >= ' ') {
                fc_text_add_bytes(text, words, 1);
            }
        }
    }
}

/* "megatron21" and "megatron20" are megatron, "nemo_bridge" is nemo. */
static void family_name(char out[FC_NAME_SIZE], const char *group) {
    size_t size = 0;
    while (size + 1 < FC_NAME_SIZE && (isalpha((unsigned char)group[size]) || (unsigned char)group[size] >= 0x80)) {
        out[size] = group[size];
        size += 1;
    }
    out[size] = '\0';
    if (size == 0) {
        (void)snprintf(out, FC_NAME_SIZE, "others");
    }
}

/* The last place takes all that come too late. */
static size_t family_of(picture *p, const char *group) {
    char name[FC_NAME_SIZE];
    family_name(name, group);
    for (size_t i = 0; i < p->families_count; ++i) {
        if (strcmp(p->families[i].name, name) == 0) {
            return i;
        }
    }
    if (p->families_count < MOST_FAMILIES) {
        memcpy(p->families[p->families_count].name, name, sizeof name);
        p->families_count += 1;
    }
    return p->families_count - 1;
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static void stretch(double *least, double *most, double value) {
    *least = *least == 0 || value < *least ? value : *least;
    *most = value > *most ? value : *most;
}

static void find_decades(picture *p) {
    double least = 0;
    double most = 0;
    for (size_t i = 0; i < p->report->scores_count; ++i) {
        const fc_run_score *score = &p->report->scores[i];
        if (score->predicted) {
            stretch(&least, &most, score->predicted_s);
            stretch(&least, &most, score->row->measured_s);
        }
    }
    p->first_decade = least > 0 ? (int)floor(log10(least)) : 0;
    p->decades = most > 0 ? (int)ceil(log10(most)) - p->first_decade : 1;
    p->decades = p->decades > 0 ? p->decades : 1;
}

static double along(const picture *p, double value) { return SIDE * (log10(value) - p->first_decade) / p->decades; }
static double x_of(const picture *p, double measured_s) { return LEFT + along(p, measured_s); }
static double y_of(const picture *p, double predicted_s) { return TOP + SIDE - along(p, predicted_s); }

/* ---- the frame -------------------------------------------------------------------------------------------------- */

static void add_head(fc_text *text) {
    fc_text_addf(text,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                 "role=\"img\" aria-labelledby=\"title\">\n"
                 "<title id=\"title\">Published training runs: predicted against measured step time</title>\n",
                 WIDTH, HEIGHT, WIDTH, HEIGHT);
    fc_text_add(text, "<style>\n"
                      ":root{color-scheme:light dark}\n"
                      "svg{background:#fff;color:#222;font:13px sans-serif}\n"
                      "text{fill:currentColor}\n"
                      ".grid{stroke:currentColor;stroke-opacity:.15}\n"
                      ".fine{stroke:currentColor;stroke-opacity:.06}\n"
                      ".exact{stroke:currentColor;stroke-opacity:.8}\n"
                      ".near{stroke:currentColor;stroke-opacity:.4;stroke-dasharray:5 4}\n"
                      ".suspect{fill:none;stroke:currentColor;stroke-opacity:.5}\n"
                      "@media(prefers-color-scheme:dark){svg{background:#161616;color:#ddd}}\n"
                      "</style>\n");
}

static void add_line(fc_text *text, const char *kind, double x1, double y1, double x2, double y2) {
    fc_text_addf(text, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", kind, x1, y1, x2, y2);
}

/* "10 ms", "1 s", "100 s" */
static void say_decade(char *out, size_t out_size, int decade) {
    static const char *const words[] = {"1 us",   "10 us", "100 us", "1 ms",  "10 ms",
                                        "100 ms", "1 s",   "10 s",   "100 s", "1000 s"};
    const int first = -6;
    int index = decade - first;
    if (index >= 0 && index < (int)(sizeof words / sizeof words[0])) {
        (void)snprintf(out, out_size, "%s", words[index]);
    } else {
        (void)snprintf(out, out_size, "1e%d s", decade);
    }
}

static void add_grid(const picture *p) {
    const int steps = 10;
    for (int decade = 0; decade <= p->decades; ++decade) {
        char said[16];
        double at = (double)SIDE * decade / p->decades;
        add_line(p->text, "grid", LEFT + at, TOP, LEFT + at, TOP + SIDE);
        add_line(p->text, "grid", LEFT, TOP + SIDE - at, LEFT + SIDE, TOP + SIDE - at);
        say_decade(said, sizeof said, p->first_decade + decade);
        fc_text_addf(p->text, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", LEFT + at,
                     TOP + SIDE + 18, said);
        fc_text_addf(p->text, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 8,
                     TOP + SIDE - at + 4, said);
        for (int step = 2; step < steps && decade < p->decades; ++step) {
            double fine = at + SIDE * log10(step) / p->decades;
            add_line(p->text, "fine", LEFT + fine, TOP, LEFT + fine, TOP + SIDE);
            add_line(p->text, "fine", LEFT, TOP + SIDE - fine, LEFT + SIDE, TOP + SIDE - fine);
        }
    }
}

/* The diagonal, and a fifth to both sides of it. */
static void add_diagonals(const picture *p) {
    const double near = 1.2;
    double shift = SIDE * log10(near) / p->decades;
    add_line(p->text, "exact", LEFT, TOP + SIDE, LEFT + SIDE, TOP);
    add_line(p->text, "near", LEFT, TOP + SIDE - shift, LEFT + SIDE - shift, TOP);
    add_line(p->text, "near", LEFT + shift, TOP + SIDE, LEFT + SIDE, TOP + shift);
}

static void add_titles(const picture *p) {
    fc_text_addf(p->text, "<text x=\"%d\" y=\"24\" font-size=\"16\">Step time of %zu published runs</text>\n", LEFT,
                 p->report->predicted_count);
    fc_text_addf(p->text, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">measured</text>\n", LEFT + SIDE / 2,
                 TOP + SIDE + 42);
    fc_text_addf(p->text,
                 "<text x=\"16\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 16 %d)\">predicted</text>\n",
                 TOP + SIDE / 2, TOP + SIDE / 2);
}

/* ---- points ----------------------------------------------------------------------------------------------------- */

static void add_mark(fc_text *text, size_t index, double x, double y) {
    const char *colour = colours[index % COLOURS];
    switch (index / COLOURS % MARKS) {
    case 0:
        fc_text_addf(text, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\" fill-opacity=\".75\">", x, y, colour);
        break;
    case 1:
        fc_text_addf(text, "<rect x=\"%.1f\" y=\"%.1f\" width=\"6.4\" height=\"6.4\" fill=\"%s\" fill-opacity=\".75\">",
                     x - 3.2, y - 3.2, colour);
        break;
    default:
        fc_text_addf(text, "<path d=\"M%.1f %.1fl4.4 7.6h-8.8z\" fill=\"%s\" fill-opacity=\".75\">", x, y - 4.4,
                     colour);
    }
}

static const char *mark_end(size_t index) {
    static const char *const ends[MARKS] = {"</circle>\n", "</rect>\n", "</path>\n"};
    return ends[index / COLOURS % MARKS];
}

static void add_point(picture *p, const fc_run_score *score) {
    size_t index = family_of(p, score->row->group);
    double x = x_of(p, score->row->measured_s);
    double y = y_of(p, score->predicted_s);
    bool suspect = score->row->suspect[0] != '\0';
    if (suspect) {
        fc_text_addf(p->text, "<circle class=\"suspect\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\">", x, y);
    } else {
        p->families[index].count += 1;
        add_mark(p->text, index, x, y);
    }
    fc_text_add(p->text, "<title>");
    add_escaped(p->text, score->row->id);
    fc_text_addf(p->text, ": %.3g s predicted, %.3g s measured, %+.1f %%</title>", score->predicted_s,
                 score->row->measured_s, 100.0 * score->error_frac);
    fc_text_add(p->text, suspect ? "</circle>\n" : mark_end(index));
}

static void add_legend(const picture *p) {
    const int spacing = 20;
    int y = TOP + 10;
    for (size_t i = 0; i < p->families_count; ++i) {
        if (p->families[i].count == 0) {
            continue;
        }
        add_mark(p->text, i, LEGEND, y);
        fc_text_add(p->text, mark_end(i));
        fc_text_addf(p->text, "<text x=\"%d\" y=\"%d\">", LEGEND + 12, y + 4);
        add_escaped(p->text, p->families[i].name);
        fc_text_addf(p->text, " (%zu)</text>\n", p->families[i].count);
        y += spacing;
    }
    if (p->report->suspect_count > 0) {
        fc_text_addf(p->text, "<circle class=\"suspect\" cx=\"%d\" cy=\"%d\" r=\"3.5\"/>\n", LEGEND, y);
        fc_text_addf(p->text, "<text x=\"%d\" y=\"%d\">suspect, not scored</text>\n", LEGEND + 12, y + 4);
        y += spacing;
    }
    add_line(p->text, "near", LEGEND - 6, y, LEGEND + 6, y);
    fc_text_addf(p->text, "<text x=\"%d\" y=\"%d\">20 %% off</text>\n", LEGEND + 12, y + 4);
}

void fc_write_validate_svg(fc_text *text, const fc_run_page *page) {
    picture p;
    memset(&p, 0, sizeof p);
    p.text = text;
    p.report = page->report;
    find_decades(&p);
    add_head(text);
    add_grid(&p);
    add_diagonals(&p);
    add_titles(&p);
    for (size_t i = 0; i < page->report->scores_count; ++i) {
        if (page->report->scores[i].predicted) {
            add_point(&p, &page->report->scores[i]);
        }
    }
    add_legend(&p);
    fc_text_add(text, "</svg>\n");
}
