/* The report: its text is page.html, with the documents in the place of a mark. */
#include "inspect/scan/page.h"

#include "inspect/scan_page_html.h"
#include "inspect/trace/page.h"

bool scan_page(const json_t *listeners, struct buf *out, struct err *e) {
    return trace_page_fill(scan_page_html, listeners, SCAN_PAGE_DATA_MAX, out, e);
}
