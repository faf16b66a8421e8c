/* The page: its text is page.html, with the document in the place of a mark. */
#include "inspect/trace/page.h"

#include "inspect/page_html.h"
#include "inspect/trace/document.h"

#include <string.h>

static const char mark[] = "@DOCUMENT@";

/* JSON inside a script element: "<" alone could end it. */
static bool append_data(struct buf *out, const struct buf *json, struct err *e) {
    const char *at = buf_string(json);
    bool ok = true;
    while (ok && *at != '\0') {
        size_t len = strcspn(at, "<");
        ok = buf_append(out, at, len, e) &&
             (at[len] == '\0' || buf_append_string(out, "\\u003c", e));
        at += len + (at[len] == '\0' ? 0 : 1);
    }
    return ok;
}

bool trace_page_fill(const char *html, const json_t *document, size_t max, struct buf *out,
                     struct err *e) {
    PL_AUTO(buf_clear) struct buf json = {.max = max};
    const char *place = strstr(html, mark);
    PL_BUG_UNLESS(place != NULL);
    return json_write(document, false, &json, e) &&
           buf_append(out, html, (size_t)(place - html), e) && append_data(out, &json, e) &&
           buf_append_string(out, place + strlen(mark), e);
}

bool trace_page(const json_t *document, struct buf *out, struct err *e) {
    return trace_page_fill(page_html, document, TRACE_DOCUMENT_MAX, out, e);
}
