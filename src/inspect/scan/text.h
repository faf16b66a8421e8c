/*
 * A scanned listener as text for a terminal, made of its document (scan/report.h), in which nothing
 * is believed to have a certain form.
 */
#ifndef PL_INSPECT_SCAN_TEXT_H
#define PL_INSPECT_SCAN_TEXT_H

#include "codec/json.h"

enum { SCAN_TEXT_MAX = 4 * 1024 * 1024 };

struct scan_text_style {
    unsigned columns; /* 0: do not wrap */
    bool has_color;
    bool is_brief; /* findings alone, no lists */
};

/* Appends it. Fails base.oom, base.limit */
bool scan_text(const json_t *document, const struct scan_text_style *style, struct buf *out,
               struct err *e) PL_MUST_USE;
/* One line: target, grade or state, certificate. */
bool scan_text_line(const json_t *document, const struct scan_text_style *style, struct buf *out,
                    struct err *e) PL_MUST_USE;

#endif
