/*
 * Two traces beside each other, field by field: what each side offered, what was agreed, the
 * certificates, the extensions, the checks, sizes and times; and for what differs, what it means
 * where that can be said.
 *
 * Both documents may come from files that anybody wrote: their form is checked, what is not there
 * counts as empty, every text is escaped where it is shown.
 * Limits: DIFF_…_MAX; more fails base.limit.
 */
#ifndef PL_INSPECT_TRACE_DIFF_H
#define PL_INSPECT_TRACE_DIFF_H

#include "codec/json.h"

enum {
    DIFF_FILE_MAX = 16 * 1024 * 1024, /* bytes of a saved trace that are read */
    DIFF_HANDSHAKES_MAX = 8,
    DIFF_ROWS_MAX = 20000,
    DIFF_TEXT_MAX = 16 * 1024 * 1024,
};

/* Whether it has a trace's form (trace/document.h). Fails inspect.diff */
bool trace_diff_check(const json_t *document, struct err *e) PL_MUST_USE;

/*
 * Both as trace_diff_check() has passed them.
 * out_diff  {"a", "b": whose they are; "differences": how many but sizes and times; "handshakes":
 *           [{"sections": [{"title", "rows": [{"name", "kind", "is_same", "a", "b", …}]}]}]}
 * Fails     base.oom, base.limit
 */
bool trace_diff(const json_t *a, const json_t *b, json_t **out_diff, struct err *e) PL_MUST_USE;

/* How many differences it found, but sizes and times. */
size_t trace_diff_count(const json_t *diff);

struct trace_diff_style {
    unsigned columns; /* 40…; narrower is taken as 40 */
    bool has_color;
    bool is_all; /* what is the same too */
};

/* For a terminal. Fails base.oom, base.limit */
bool trace_diff_text(const json_t *diff, const struct trace_diff_style *style, struct buf *out,
                     struct err *e) PL_MUST_USE;

#endif
