/*
 * A scan's report as one HTML file that needs nothing else: all listeners in a table to sort and
 * filter, each with its grade, findings and everything that was found. The documents stand in it as
 * data; the page's own script makes nothing of them but texts.
 */
#ifndef PL_INSPECT_SCAN_PAGE_H
#define PL_INSPECT_SCAN_PAGE_H

#include "codec/json.h"

enum { SCAN_PAGE_DATA_MAX = 256 * 1024 * 1024 };

/* listeners: an array of documents (scan/report.h). Fails base.oom, base.limit */
bool scan_page(const json_t *listeners, struct buf *out, struct err *e) PL_MUST_USE;

#endif
