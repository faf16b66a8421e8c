/*
 * http/h1: a chunked body read in two pieces gives the same as read in one; the first byte of the
 * input says where the pieces meet.
 */
#include "fuzz.h"

#include "http/h1.h"

static enum h1_result read_piece(struct h1_body *body, const uint8_t *bytes, size_t len,
                                 struct buf *content, size_t *out_used) {
    enum h1_result result = H1_MORE;
    *out_used = 0;
    while (result == H1_MORE && *out_used < len) {
        struct h1_refusal refusal = {0};
        const uint8_t *data = NULL;
        size_t data_len = 0;
        size_t used = 0;
        result = h1_body_read(body, bytes + *out_used, len - *out_used, &used, &data, &data_len,
                              &refusal);
        FUZZ_CHECK(used <= len - *out_used);
        FUZZ_CHECK(used > 0 || result != H1_MORE);
        FUZZ_CHECK(result != H1_REFUSED || (refusal.status >= 400 && refusal.reason != NULL));
        FUZZ_CHECK(buf_append(content, data, data_len, NULL));
        *out_used += used;
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    if (len == 0) {
        return 0;
    }
    static const struct http_request request = {.body_kind = HTTP_BODY_CHUNKED};
    size_t cut = bytes[0] < len - 1 ? bytes[0] : len - 1;
    bytes++;
    len--;
    struct h1_body whole;
    struct h1_body pieces;
    h1_body_init(&whole, &request);
    h1_body_init(&pieces, &request);
    PL_AUTO(buf_clear) struct buf content;
    PL_AUTO(buf_clear) struct buf piecewise;
    buf_init(&content, len);
    buf_init(&piecewise, len);
    size_t used = 0;
    size_t used_first = 0;
    size_t used_second = 0;
    enum h1_result result = read_piece(&whole, bytes, len, &content, &used);
    enum h1_result cut_result = read_piece(&pieces, bytes, cut, &piecewise, &used_first);
    if (cut_result == H1_MORE) {
        cut_result = read_piece(&pieces, bytes + cut, len - cut, &piecewise, &used_second);
    }
    FUZZ_CHECK(result == cut_result);
    FUZZ_CHECK(result == H1_REFUSED || used == used_first + used_second);
    FUZZ_CHECK(content.len == piecewise.len);
    FUZZ_CHECK(strcmp(buf_string(&content), buf_string(&piecewise)) == 0);
    return 0;
}
