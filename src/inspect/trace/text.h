/*
 * A trace for a terminal: the nine steps as headings, under each the messages with their fields,
 * the secrets with what they were made of, the checks. Made from the document (trace/document.h),
 * which may come from a process that a hostile server has taken over: nothing in it is believed to
 * have a certain form, and every text is escaped.
 */
#ifndef PL_INSPECT_TRACE_TEXT_H
#define PL_INSPECT_TRACE_TEXT_H

#include "codec/json.h"

enum { TRACE_TEXT_MAX = 64 * 1024 * 1024 };

enum trace_text_detail {
    TRACE_TEXT_BRIEF, /* the messages in a line each, no fields and no secrets */
    TRACE_TEXT_USUAL,
    TRACE_TEXT_BYTES, /* and all bytes of every message and record */
};

struct trace_text_style {
    unsigned columns; /* 40…; narrower is taken as 40 */
    bool has_color;
    enum trace_text_detail detail;
};

/* Fails base.oom, base.limit */
bool trace_text(const json_t *document, const struct trace_text_style *style, struct buf *out,
                struct err *e) PL_MUST_USE;

#endif
