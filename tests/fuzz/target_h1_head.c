/* http/h1: request heads; read byte by byte they give the same as read at once. */
#include "fuzz.h"

#include "http/h1.h"
#include "site/connection_page.h"

static void check_inside(struct http_text text, const uint8_t *bytes, size_t len) {
    const uint8_t *at = (const uint8_t *)text.at;
    FUZZ_CHECK(at == NULL ? text.len == 0 : at >= bytes && at + text.len <= bytes + len);
    FUZZ_CHECK(at == NULL || memchr(at, '\n', text.len) == NULL);
}

static void check_request(const struct http_request *request, const uint8_t *bytes, size_t len) {
    check_inside(request->method_text, bytes, len);
    check_inside(request->target, bytes, len);
    /* An empty path in absolute form is a text of the reader's own. */
    if (!http_text_equal(request->path, "/")) {
        check_inside(request->path, bytes, len);
    }
    check_inside(request->query, bytes, len);
    check_inside(request->host, bytes, len);
    FUZZ_CHECK(request->field_count <= HTTP_FIELDS_MAX);
    for (size_t i = 0; i < request->field_count; i++) {
        check_inside(request->fields[i].name, bytes, len);
        check_inside(request->fields[i].value, bytes, len);
    }
    FUZZ_CHECK(request->body_kind == HTTP_BODY_LENGTH || request->body_len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct http_request request = {0};
    struct h1_refusal refusal = {0};
    size_t head_len = 0;
    size_t scanned = 0;
    enum h1_result result = h1_read_head(bytes, len, &scanned, &request, &head_len, &refusal);
    if (result == H1_WHOLE) {
        FUZZ_CHECK(head_len <= len && head_len <= H1_HEAD_MAX);
        check_request(&request, bytes, head_len);
        FUZZ_CHECK(connection_page_form(&request) <= CONNECTION_FORM_UNKNOWN);
    }
    FUZZ_CHECK(result != H1_REFUSED || (refusal.status >= 400 && refusal.reason != NULL));
    /* Byte by byte: never whole before its end, never whole when it was refused at once. */
    size_t scanned_piecewise = 0;
    size_t limit = len < 600 ? len : 0;
    for (size_t i = 1; i <= limit; i++) {
        struct http_request piecewise = {0};
        struct h1_refusal piece_refusal = {0};
        size_t piece_len = 0;
        enum h1_result piece =
            h1_read_head(bytes, i, &scanned_piecewise, &piecewise, &piece_len, &piece_refusal);
        if (piece != H1_MORE) {
            FUZZ_CHECK(piece == result);
            FUZZ_CHECK(piece != H1_WHOLE || piece_len == head_len);
            return 0;
        }
    }
    FUZZ_CHECK(limit == 0 || result == H1_MORE);
    return 0;
}
