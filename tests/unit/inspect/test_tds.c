/* observe/tds: TLS in packets and out of them again, in any pieces; and what is neither. */
#include "inspect_fixture.h"

#include "inspect/observe/tds.h"

static void test_what_is_wrapped_is_unwrapped(void **state) {
    (void)state;
    struct err e = {0};
    for (size_t step = 1; step < 10000; step = step * 3 + 1) {
        PL_AUTO(buf_clear) struct buf tls = {.max = 20000};
        PL_AUTO(buf_clear) struct buf packed = {.max = 20000};
        PL_AUTO(buf_clear) struct buf back = {.max = 20000};
        PL_AUTO(tds_reader_clear) struct tds_reader r = {0};
        uint8_t bytes[9000];
        uint32_t seed = 3;
        (void)fixture_fill(&seed, bytes, sizeof(bytes));
        assert_ok(buf_append(&tls, bytes, sizeof(bytes), &e), &e);
        assert_ok(tds_wrap(&tls, &packed, &e), &e);
        assert_int_equal(tls.len, 0);
        /* Two packets that go on, and the last. */
        assert_int_equal(packed.len, sizeof(bytes) + 3 * (size_t)TDS_HEADER);
        assert_bytes(packed.data, TDS_HEADER, "12 00 1000 0000 01 00");
        assert_bytes(packed.data + 8192, TDS_HEADER, "12 01 0340 0000 03 00");
        for (size_t at = 0; at < packed.len; at += step) {
            size_t part = packed.len - at < step ? packed.len - at : step;
            assert_ok(tds_unwrap(&r, packed.data + at, part, &back, &e), &e);
        }
        assert_int_equal(back.len, sizeof(bytes));
        assert_memory_equal(back.data, bytes, sizeof(bytes));
    }
}

static void test_records_that_stand_alone(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out = {.max = 100};
    PL_AUTO(tds_reader_clear) struct tds_reader r = {0};
    static const uint8_t both[] = {4, 1, 0, 10, 0, 0, 1, 0, 'a', 'b', 23, 3, 3};
    static const uint8_t more[] = {0x12, 'c'};
    assert_ok(tds_unwrap(&r, both, sizeof(both), &out, &e), &e);
    assert_ok(tds_unwrap(&r, more, sizeof(more), &out, &e), &e);
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data,
                        "ab\x17\3\3\x12"
                        "c",
                        7);
}

static void test_what_is_neither(void **state) {
    (void)state;
    struct err e = {0};
    static const uint8_t bad[][8] = {
        "HTTP/1.1", {0x12, 1, 0, 7, 0, 0, 1, 0}, {0x12, 1, 0x80, 1, 0, 0, 1, 0}};
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        PL_AUTO(buf_clear) struct buf out = {.max = 100};
        PL_AUTO(tds_reader_clear) struct tds_reader r = {0};
        assert_fails(tds_unwrap(&r, bad[i], sizeof(bad[i]), &out, &e), &e, ERR_OBSERVE_NOT_TLS);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrapped_is_unwrapped),
        cmocka_unit_test(test_records_that_stand_alone),
        cmocka_unit_test(test_what_is_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
