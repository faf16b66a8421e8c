/*
 * A trace as one HTML file that needs nothing else: sequence diagram, panels, bytes and fields that
 * point at each other, every secret recomputed by the browser. The document stands in it as data;
 * the page's own script draws it and makes nothing of it but texts.
 */
#ifndef PL_INSPECT_TRACE_PAGE_H
#define PL_INSPECT_TRACE_PAGE_H

#include "codec/json.h"

/* Fails base.oom, base.limit */
bool trace_page(const json_t *document, struct buf *out, struct err *e) PL_MUST_USE;

/*
 * The same for other pages: html with the document in the place of "@DOCUMENT@", which it has.
 * max: bytes of the document's text. Fails base.oom, base.limit
 */
bool trace_page_fill(const char *html, const json_t *document, size_t max, struct buf *out,
                     struct err *e) PL_MUST_USE;

#endif
