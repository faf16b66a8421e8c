/* ipc/pack: what is written is read back, and nothing that was cut or changed is taken for more. */
#include "unit.h"

#include "ipc/pack.h"

static struct buf written(void) {
    struct buf out = {.max = 4096};
    struct pack_writer w = {.out = &out};
    struct err failure = {0};
    struct err e = {0};
    (void)err_set(&failure, ERR_KEYS_PURPOSE, "inner");
    (void)err_wrap(&failure, "outer");
    (void)err_hint(&failure, "try again");
    pack_u8(&w, 7);
    pack_u16(&w, 0xBEEF);
    pack_u32(&w, 0xDEADBEEF);
    pack_u64(&w, UINT64_MAX - 1);
    pack_i64(&w, -5);
    pack_bool(&w, true);
    pack_bytes(&w, "abc", 3);
    pack_text(&w, "text");
    pack_text(&w, NULL);
    pack_text(&w, "");
    pack_id(&w, &(struct id){{1, 2, 3}});
    pack_err(&w, &failure);
    assert_ok(pack_end(&w, &e), &e);
    return out;
}

/* Reads all of it; the values are looked at only when nothing broke. */
static bool read_all(const uint8_t *bytes, size_t len, bool is_whole) {
    struct unpack_reader r;
    struct id id;
    struct err failure;
    size_t bytes_len = 0;
    unpack_init(&r, bytes, len);
    uint64_t numbers[] = {unpack_u8(&r), unpack_u16(&r), unpack_u32(&r), unpack_u64(&r)};
    int64_t negative = unpack_i64(&r);
    bool truth = unpack_bool(&r);
    const uint8_t *abc = unpack_bytes(&r, 3, &bytes_len);
    const char *text = unpack_text(&r, 5);
    const char *none = unpack_text(&r, 5);
    const char *empty = unpack_text(&r, 5);
    unpack_id(&r, &id);
    unpack_err(&r, &failure);
    if (!unpack_is_done(&r) || !is_whole) {
        return unpack_is_done(&r);
    }
    assert_int_equal(numbers[0], 7);
    assert_int_equal(numbers[1], 0xBEEF);
    assert_int_equal(numbers[2], 0xDEADBEEF);
    assert_true(numbers[3] == UINT64_MAX - 1);
    assert_int_equal(negative, -5);
    assert_true(truth);
    assert_int_equal(bytes_len, 3);
    assert_memory_equal(abc, "abc", 3);
    assert_string_equal(text, "text");
    assert_null(none);
    assert_string_equal(empty, "");
    assert_int_equal(id.bytes[2], 3);
    assert_int_equal(failure.code, ERR_KEYS_PURPOSE);
    assert_int_equal(failure.step_count, 2);
    assert_string_equal(failure.step[1], "outer");
    assert_string_equal(failure.hint, "try again");
    return true;
}

static void test_values_come_back(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf out = written();
    assert_true(read_all(out.data, out.len, true));
}

static void test_a_message_that_was_cut_or_grew_is_not_done(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf out = written();
    struct err e = {0};
    for (size_t len = 0; len < out.len; len++) {
        assert_false(read_all(out.data, len, false));
    }
    assert_ok(buf_append_byte(&out, 0, &e), &e);
    assert_false(read_all(out.data, out.len, false));
}

static void test_each_limit(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf out = {.max = 64};
    struct pack_writer w = {.out = &out};
    struct unpack_reader r;
    struct err e = {0};
    char small[4];
    pack_text(&w, "1234");
    assert_ok(pack_end(&w, &e), &e);
    unpack_init(&r, out.data, out.len);
    unpack_text_into(&r, small, sizeof(small));
    assert_true(r.is_broken);
    assert_string_equal(small, "");
    assert_fails(unpack_end(&r, &e), &e, ERR_IPC_MALFORMED);
    unpack_init(&r, out.data, out.len);
    assert_null(unpack_text(&r, 4));
    assert_true(r.is_broken);
    pack_bytes(&w, out.data, 60); /* longer than there is room */
    assert_fails(pack_end(&w, &e), &e, ERR_BASE_LIMIT);
}

static void test_texts_end_where_they_say(void **state) {
    (void)state;
    static const uint8_t inside[] = {1, 4, 0, 0, 0, 'a', 0, 'b', 0};
    static const uint8_t open[] = {1, 2, 0, 0, 0, 'a', 'b'};
    static const uint8_t flag[] = {2, 1, 0, 0, 0, 0};
    const struct {
        const uint8_t *bytes;
        size_t len;
    } bad[] = {{inside, sizeof(inside)}, {open, sizeof(open)}, {flag, sizeof(flag)}};
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct unpack_reader r;
        unpack_init(&r, bad[i].bytes, bad[i].len);
        assert_null(unpack_text(&r, 100));
        assert_true(r.is_broken);
    }
}

static bool write_with_room(struct err *e) {
    PL_AUTO(buf_clear) struct buf out = {.max = 4096};
    struct pack_writer w = {.out = &out};
    pack_text(&w, "text");
    return pack_end(&w, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(write_with_room(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_back),
        cmocka_unit_test(test_a_message_that_was_cut_or_grew_is_not_done),
        cmocka_unit_test(test_each_limit),
        cmocka_unit_test(test_texts_end_where_they_say),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
