/*
 * The one way by which text from outside (names in requests and certificates, headers, file names)
 * reaches a terminal, a log or a page. What could act there is written out instead: C0 and C1
 * controls, DEL, bidirectional controls, zero-width characters, invalid UTF-8, and for pages the
 * characters that HTML gives a meaning.
 */
#ifndef PL_BASE_ESCAPE_H
#define PL_BASE_ESCAPE_H

#include "base/buf.h"
#include "base/compiler.h"

enum escape_for {
    ESCAPE_TERMINAL, /* one line: "\n" becomes \x0a, U+202E becomes \u{202e} */
    ESCAPE_LOG,      /* the same inside double quotes, which become \" */
    ESCAPE_HTML,     /* text or a quoted attribute's value */
    ESCAPE_JSON,     /* the inside of a JSON string; invalid bytes become U+FFFD */
};

/* Appends the escaped text. Fails base.oom, base.limit. */
bool escape_append(struct buf *out, enum escape_for target, const void *text, size_t len,
                   struct err *e) PL_MUST_USE;

/*
 * The same into a fixed array, for messages: cut at out_size - 1 bytes on a whole escape, ending in
 * "..." when cut. out_size ≥ 8.
 */
void escape_into(char *out, size_t out_size, enum escape_for target, const char *text);

#endif
