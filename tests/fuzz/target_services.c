/* service/frame: what net-services tells control, and what control answers. */
#include "fuzz.h"

#include "service/frame.h"

static void check_text(const uint8_t *bytes, size_t len, struct http_text text) {
    FUZZ_CHECK(text.len == 0 || ((const uint8_t *)text.at >= bytes &&
                                 (const uint8_t *)text.at + text.len <= bytes + len));
}

/* What was read is written as it was. */
static void check_request(const uint8_t *bytes, size_t len, uint32_t number,
                          const struct service_request *request) {
    PL_AUTO(buf_clear) struct buf again = {.max = SERVICE_REQUEST_MAX};
    struct pack_writer w = {.out = &again};
    check_text(bytes, len, request->http.path);
    check_text(bytes, len, request->http.host);
    for (size_t i = 0; i < request->http.field_count; i++) {
        check_text(bytes, len, request->http.fields[i].name);
        check_text(bytes, len, request->http.fields[i].value);
    }
    FUZZ_CHECK(request->part < PART_COUNT && request->http.path.len > 0);
    service_request_pack(request, &w);
    service_request_pack_content(request->content, request->content_len, &w);
    FUZZ_CHECK(pack_end(&w, NULL));
    service_request_set_number(&again, number);
    FUZZ_CHECK(again.len == len && memcmp(again.data, bytes, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    static struct service_request request;
    struct http_response response;
    uint32_t number = 0;
    if (service_request_read(bytes, len, &number, &request)) {
        check_request(bytes, len, number, &request);
    }
    http_response_init(&response, 200);
    if (service_answer_read(bytes, len, &number, &response)) {
        FUZZ_CHECK(response.status >= 200 && response.status <= 599);
        FUZZ_CHECK(response.body.len == response.body.memory.len);
    }
    http_response_clear(&response);
    return 0;
}
