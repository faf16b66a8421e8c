/*
 * What a text for a terminal is written on: lines that wrap at its width, colours where it has
 * them, every text escaped. Remembers the first failure, so that there is one check at the end.
 */
#ifndef PL_INSPECT_TRACE_PAPER_H
#define PL_INSPECT_TRACE_PAPER_H

#include "base/buf.h"

enum paper_ink {
    PAPER_PLAIN,
    PAPER_BOLD,
    PAPER_DIM,
    PAPER_GREEN,
    PAPER_YELLOW,
    PAPER_RED,
    PAPER_CYAN
};

struct paper {
    struct buf *out; /* borrowed */
    unsigned columns;
    bool has_color;
    unsigned column; /* where the next character goes */
    bool is_failed;
};

void paper_ink(struct paper *p, enum paper_ink ink);
/* Text that stays on its line. */
void paper_put(struct paper *p, enum paper_ink ink, const char *text);
PL_PRINTF(3, 4)
void paper_printf(struct paper *p, enum paper_ink ink, const char *format, ...);
/* Words that wrap; lines after the first begin at indent. */
void paper_flow(struct paper *p, enum paper_ink ink, unsigned indent, const char *text);
/* Blanks up to the column; at least one when the line has passed it. */
void paper_tab(struct paper *p, unsigned column);
void paper_line(struct paper *p); /* ends it */
/* Hexadecimal digits in pairs, as many as fit on the line (is_whole: all, on lines from indent). */
void paper_bytes(struct paper *p, enum paper_ink ink, unsigned indent, const char *digits,
                 bool is_whole);

#endif
