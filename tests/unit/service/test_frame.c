/* service/frame: requests and answers between processes. */
#include "unit.h"

#include "service/frame.h"

#include <string.h>

static struct http_text text_of(const char *text) {
    return (struct http_text){.at = text, .len = strlen(text)};
}

static void pack(struct buf *frame, const void *content, size_t len) {
    struct err e = {0};
    struct pack_writer w = {.out = frame};
    static struct service_request request;
    request = (struct service_request){.part = PART_ACME,
                                       .is_https = true,
                                       .listener = "https://[::1]:8444",
                                       .client = "192.0.2.1:4711",
                                       .server_name = "a.example",
                                       .tls_version = "TLS 1.3",
                                       .certificate = (const uint8_t *)"\x30\x00",
                                       .certificate_len = 2};
    request.http.method = HTTP_POST;
    request.http.method_text = text_of("POST");
    request.http.target = text_of("/acme/new-order?");
    request.http.path = text_of("/acme/new-order");
    request.http.query = text_of("");
    request.http.minor = 1;
    request.http.field_count = 2;
    request.http.fields[0] = (struct http_field){text_of("Host"), text_of("a.example")};
    request.http.fields[1] = (struct http_field){text_of("X-Empty"), text_of("")};
    buf_init(frame, SERVICE_REQUEST_MAX);
    service_request_pack(&request, &w);
    service_request_pack_content(content, len, &w);
    assert_ok(pack_end(&w, &e), &e);
    service_request_set_number(frame, 42);
}

static void test_a_request_arrives_as_it_was(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf frame = {0};
    static struct service_request read;
    uint32_t number = 0;
    pack(&frame, "{}", 2);
    assert_true(service_request_read(frame.data, frame.len, &number, &read));
    assert_int_equal(number, 42);
    assert_int_equal(read.part, PART_ACME);
    assert_true(read.is_https);
    assert_string_equal(read.listener, "https://[::1]:8444");
    assert_string_equal(read.client, "192.0.2.1:4711");
    assert_int_equal(read.certificate_len, 2);
    assert_int_equal(read.http.method, HTTP_POST);
    assert_true(http_text_equal(read.http.path, "/acme/new-order"));
    assert_non_null(read.http.query.at); /* "?" was there, and nothing behind it */
    assert_int_equal(read.http.query.len, 0);
    assert_null(read.http.host.at);
    assert_true(http_text_equal(http_request_field(&read.http, "host"), "a.example"));
    assert_int_equal(http_request_field_count(&read.http, "x-empty"), 1);
    assert_memory_equal(read.content, "{}", 2);
}

static void test_a_cut_or_longer_request_is_refused(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf frame = {0};
    static struct service_request read;
    struct err e = {0};
    uint32_t number = 0;
    pack(&frame, "abc", 3);
    for (size_t len = 0; len < frame.len; len++) {
        assert_false(service_request_read(frame.data, len, &number, &read));
    }
    assert_ok(buf_append(&frame, "x", 1, &e), &e);
    assert_false(service_request_read(frame.data, frame.len, &number, &read));
}

static void test_a_part_that_there_is_not_is_refused(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf frame = {0};
    static struct service_request read;
    uint32_t number = 0;
    pack(&frame, NULL, 0);
    frame.data[4] = PART_COUNT;
    assert_false(service_request_read(frame.data, frame.len, &number, &read));
}

static void test_an_answer_arrives_as_it_was(void **state) {
    (void)state;
    struct err e = {0};
    struct http_response sent;
    struct http_response got;
    PL_AUTO(buf_clear) struct buf frame = {.max = SERVICE_ANSWER_MAX};
    struct pack_writer w = {.out = &frame};
    uint32_t number = 0;
    http_response_init(&sent, 201);
    http_response_init(&got, 500);
    assert_ok(http_response_add(&sent, "Location", "/acme/order/1", &e), &e);
    assert_ok(http_body_add_memory(&sent.body, "one", 3, &e), &e);
    sent.must_close = true;
    assert_ok(service_answer_pack(7, &sent, &w, &e), &e);
    assert_true(service_answer_read(frame.data, frame.len, &number, &got));
    assert_int_equal(number, 7);
    assert_int_equal(got.status, 201);
    assert_true(got.must_close);
    assert_memory_equal(got.fields.data, "Location: /acme/order/1\r\n", 25);
    assert_int_equal(got.body.len, 3);
    http_response_clear(&got);
    http_response_init(&got, 500);
    assert_false(service_answer_read(frame.data, frame.len - 1, &number, &got));
    frame.data[5] = 0xFF; /* the status */
    http_response_clear(&got);
    http_response_init(&got, 500);
    assert_false(service_answer_read(frame.data, frame.len, &number, &got));
    http_response_clear(&got);
    http_response_clear(&sent);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_arrives_as_it_was),
        cmocka_unit_test(test_a_cut_or_longer_request_is_refused),
        cmocka_unit_test(test_a_part_that_there_is_not_is_refused),
        cmocka_unit_test(test_an_answer_arrives_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
