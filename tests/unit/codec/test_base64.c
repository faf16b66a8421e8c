/* codec/base64: RFC 4648's vectors, strictness, and what people paste. */
#include "unit.h"

#include "codec/base64.h"

enum { OUT_MAX = 4096 };

struct vector {
    const char *plain;
    const char *padded;
    const char *url;
};

static const struct vector vectors[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xFB\xEF\xBE\xFF", "++++/w==", "----_w"},
};

typedef bool (*codec_of)(const char *text, size_t len, struct buf *out, struct err *e);

static void test_rfc_vectors_go_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(vectors); i++) {
        struct err e = {0};
        const struct vector *v = &vectors[i];
        PL_AUTO(buf_clear) struct buf out;
        buf_init(&out, OUT_MAX);
        assert_ok(base64_encode(v->plain, strlen(v->plain), &out, &e), &e);
        assert_string_equal(buf_string(&out), v->padded);
        buf_reset(&out);
        assert_ok(base64url_encode(v->plain, strlen(v->plain), &out, &e), &e);
        assert_string_equal(buf_string(&out), v->url);
        buf_reset(&out);
        assert_ok(base64_decode(v->padded, strlen(v->padded), &out, &e), &e);
        assert_string_equal(buf_string(&out), v->plain);
        buf_reset(&out);
        assert_ok(base64url_decode(v->url, strlen(v->url), &out, &e), &e);
        assert_string_equal(buf_string(&out), v->plain);
    }
}

static void check_refused(codec_of decode, const char *text) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, OUT_MAX);
    assert_ok(buf_append_string(&out, "before", &e), &e);
    assert_fails(decode(text, strlen(text), &out, &e), &e, ERR_CODEC_BASE64);
    assert_string_equal(buf_string(&out), "before");
}

static void test_only_the_one_encoding_is_strict(void **state) {
    (void)state;
    static const char *const wrong[] = {"Zg",    "Zg=",  "Zg===", "=",      "====",  "Z",
                                        "Zm9v=", "Zh==", "Zm9=",  "Zm9v\n", " Zg==", "Zg==Zg==",
                                        "Zm-v",  "Zm_v", "Zm9v*", "Z=g="};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        check_refused(base64_decode, wrong[i]);
    }
    static const char *const wrong_url[] = {"Zg==", "Z", "Zh", "Zm9", "Zm+v", "Zm/v", "Zg Zg"};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong_url); i++) {
        check_refused(base64url_decode, wrong_url[i]);
    }
}

static void test_pasted_text_is_put_up_with(void **state) {
    (void)state;
    static const char *const pasted[] = {"Zm9vYg==", "Zm9vYg", " Zm9v\r\nYg = =\n", "Zm9v\tYg"};
    for (size_t i = 0; i < PL_ARRAY_LEN(pasted); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf out;
        buf_init(&out, OUT_MAX);
        assert_ok(base64_decode_tolerant(pasted[i], strlen(pasted[i]), &out, &e), &e);
        assert_string_equal(buf_string(&out), "foob");
    }
    static const char *const wrong[] = {"Zm9vYg=", "Zm9vYg===", "Zm9vY",
                                        "Zm9v-",   "Zm9v=Yg=",  "Zm9vYh"};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        check_refused(base64_decode_tolerant, wrong[i]);
    }
}

static void test_lines_are_of_the_length_asked_for(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, OUT_MAX);
    assert_ok(base64_encode_lines("foobar", 6, 4, &out, &e), &e);
    assert_string_equal(buf_string(&out), "Zm9v\nYmFy\n");
    buf_reset(&out);
    assert_ok(base64_encode_lines("foob", 4, 64, &out, &e), &e);
    assert_string_equal(buf_string(&out), "Zm9vYg==\n");
    buf_reset(&out);
    assert_ok(base64_encode_lines("", 0, 64, &out, &e), &e);
    assert_int_equal(out.len, 0);
}

static void test_what_does_not_fit_leaves_nothing(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 7);
    assert_fails(base64_encode("foobar", 6, &out, &e), &e, ERR_BASE_LIMIT);
    assert_int_equal(out.len, 0);
    assert_fails(base64_decode("Zm9vYmFyZm9v", 12, &out, &e), &e, ERR_BASE_LIMIT);
    assert_int_equal(out.len, 0);
    PL_AUTO(buf_clear) struct buf larger;
    buf_init(&larger, 8);
    assert_ok(base64_encode("foobar", 6, &larger, &e), &e);
}

/* Property: any bytes come back. */
static void test_every_length_comes_back(void **state) {
    (void)state;
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 89 + 3);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf text;
        PL_AUTO(buf_clear) struct buf back;
        buf_init(&text, OUT_MAX);
        buf_init(&back, OUT_MAX);
        assert_ok(base64_encode_lines(bytes, len, 64, &text, &e), &e);
        assert_ok(base64_decode_tolerant(buf_string(&text), text.len, &back, &e), &e);
        assert_int_equal(back.len, len);
        assert_true(len == 0 || memcmp(back.data, bytes, len) == 0);
    }
}

static bool walk(struct err *e) {
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf back;
    buf_init(&text, OUT_MAX);
    buf_init(&back, OUT_MAX);
    return base64_encode("foobar", 6, &text, e) &&
           base64_decode(buf_string(&text), text.len, &back, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(walk(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_vectors_go_both_ways),
        cmocka_unit_test(test_only_the_one_encoding_is_strict),
        cmocka_unit_test(test_pasted_text_is_put_up_with),
        cmocka_unit_test(test_lines_are_of_the_length_asked_for),
        cmocka_unit_test(test_what_does_not_fit_leaves_nothing),
        cmocka_unit_test(test_every_length_comes_back),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
