/* trace/capture, trace/page: blocks and packets add up; the page's data cannot leave its place. */
#include "inspect_fixture.h"

#include "inspect/trace/capture.h"
#include "inspect/trace/lab.h"
#include "inspect/trace/page.h"

static json_t *example(enum lab_mode mode) {
    struct err e = {0};
    json_t *document = NULL;
    uint32_t seed = 1;
    const struct observe_random random = {fixture_fill, &seed};
    assert_ok(lab_run(mode, &random, INT64_C(20000) * 86400000, &document, &e), &e);
    return document;
}

static uint32_t little(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The Internet's checksum over bytes that hold their own is 0. */
static uint16_t checksum(const uint8_t *bytes, size_t len, uint32_t sum) {
    for (size_t i = 0; i < len; i++) {
        sum += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void check_packet(const uint8_t *packet, size_t len) {
    bool is_ip6 = packet[0] >> 4 == 6;
    size_t header = is_ip6 ? 40 : 20;
    uint32_t sum = 6 + (uint32_t)(len - header);
    assert_true(len > header);
    assert_true(is_ip6 || checksum(packet, 20, 0) == 0);
    for (size_t i = is_ip6 ? 8 : 12; i < header; i++) {
        sum += (uint32_t)packet[i] << (i % 2 == 0 ? 8 : 0);
    }
    assert_int_equal(checksum(packet + header, len - header, sum), 0);
}

static size_t count_packets(const struct buf *capture) {
    size_t packets = 0;
    size_t at = 0;
    while (at < capture->len) {
        const uint8_t *block = capture->data + at;
        size_t len = little(block + 4);
        assert_true(len >= 12 && len % 4 == 0 && len <= capture->len - at);
        assert_int_equal(little(block + len - 4), len);
        if (little(block) == 6) {
            check_packet(block + 28, little(block + 20));
            packets++;
        }
        at += len;
    }
    return packets;
}

static void capture_of(json_t *document) {
    struct err e = {0};
    struct buf capture = {.max = TRACE_CAPTURE_MAX};
    struct buf log = {.max = 64 * 1024};
    assert_ok(trace_capture(document, &capture, &e), &e);
    assert_int_equal(little(capture.data), 0x0A0D0D0A);
    assert_true(count_packets(&capture) > 12);
    assert_ok(trace_key_log(document, &log, &e), &e);
    assert_non_null(strstr(buf_string(&log), "SERVER_TRAFFIC_SECRET_0 "));
    buf_clear(&capture);
    buf_clear(&log);
}

static void test_captures_add_up(void **state) {
    (void)state;
    json_t *document = example(LAB_RESUME);
    capture_of(document);
    assert_int_equal(json_object_set_new(document, "address", json_string("2001:db8::1")), 0);
    assert_int_equal(json_object_set_new(document, "client_address", json_string("::1")), 0);
    capture_of(document);
    json_decref(document);
}

static void test_no_room(void **state) {
    (void)state;
    struct err e = {0};
    json_t *document = example(LAB_TLS13);
    struct buf out = {.max = 1000};
    assert_fails(trace_capture(document, &out, &e), &e, ERR_BASE_LIMIT);
    buf_reset(&out);
    assert_fails(trace_page(document, &out, &e), &e, ERR_BASE_LIMIT);
    buf_clear(&out);
    json_decref(document);
}

static void test_data_stays_data(void **state) {
    (void)state;
    struct err e = {0};
    json_t *document = json_pack("{s:s}", "target", "</script><script>alert(1)</script><!--");
    struct buf page = {.max = 1024 * 1024};
    assert_ok(trace_page(document, &page, &e), &e);
    assert_null(strstr(buf_string(&page), "alert(1)</script>"));
    assert_non_null(strstr(buf_string(&page), "\\u003c/script>\\u003cscript>alert(1)"));
    assert_null(strstr(buf_string(&page), "@DOCUMENT@"));
    buf_clear(&page);
    json_decref(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captures_add_up),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_data_stays_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
