/*
 * A scanned listener as one JSON document: what "padlock scan --json" prints for each, what the
 * process "probe" hands over, what a file of results holds a line of, and what text and page are
 * made of.
 *
 * Limits: SCAN_DOCUMENT_MAX bytes of text; of what is longer, certificates are told without their
 * bytes (the leaf's last), then not at all: "is_shortened" says so.
 */
#ifndef PL_INSPECT_SCAN_REPORT_H
#define PL_INSPECT_SCAN_REPORT_H

#include "codec/json.h"
#include "inspect/scan/host.h"

enum { SCAN_DOCUMENT_MAX = 256 * 1024 };

/*
 * anchors  trusted certificates for the client's checks
 * out      appended: one line of JSON, without a line end
 * Fails    base.oom, base.limit
 */
bool scan_report(const struct scan_host *h, const struct cert_list *anchors, int64_t now_ms,
                 struct buf *out, struct err *e) PL_MUST_USE;

#endif
