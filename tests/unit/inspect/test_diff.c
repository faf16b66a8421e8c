/* trace/diff: what is the same is none, what differs is told once with its meaning; any form is
 * borne, the width is kept, nothing acts on the terminal. */
#include "inspect_fixture.h"

#include "inspect/trace/diff.h"
#include "inspect/trace/lab.h"

static json_t *trace_of(enum lab_mode mode, uint32_t seed) {
    struct err e = {0};
    json_t *document = NULL;
    const struct observe_random random = {fixture_fill, &seed};
    assert_ok(lab_run(mode, &random, INT64_C(20000) * 86400000, &document, &e), &e);
    assert_ok(trace_diff_check(document, &e), &e);
    return document;
}

static json_t *parsed(const char *text) {
    struct err e = {0};
    json_t *document = NULL;
    assert_ok(json_parse(text, strlen(text), &document, &e), &e);
    return document;
}

static json_t *compared(const json_t *a, const json_t *b) {
    struct err e = {0};
    json_t *diff = NULL;
    assert_ok(trace_diff(a, b, &diff, &e), &e);
    return diff;
}

static const json_t *row_of(const json_t *diff, const char *title, const char *name) {
    const json_t *handshake = json_array_get(json_object_get(diff, "handshakes"), 0);
    size_t i = 0;
    json_t *section = NULL;
    json_array_foreach(json_object_get(handshake, "sections"), i, section) {
        size_t k = 0;
        json_t *row = NULL;
        json_array_foreach(json_object_get(section, "rows"), k, row) {
            if (strcmp(json_string_value(json_object_get(section, "title")), title) == 0 &&
                strcmp(json_string_value(json_object_get(row, "name")), name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static const char *first(const json_t *row, const char *list) {
    const char *text = json_string_value(json_array_get(json_object_get(row, list), 0));
    return text == NULL ? "" : text;
}

static const char *meaning_of(const json_t *row) {
    const char *text = json_string_value(json_object_get(row, "meaning"));
    return text == NULL ? "" : text;
}

static void render(const json_t *diff, unsigned columns, bool is_all, struct buf *out) {
    struct err e = {0};
    const struct trace_diff_style style = {.columns = columns, .is_all = is_all};
    buf_init(out, DIFF_TEXT_MAX);
    assert_ok(trace_diff_text(diff, &style, out, &e), &e);
}

/* Other random bytes, other keys, other times: no difference of facts but the certificate. */
static void test_two_of_one_kind(void **state) {
    (void)state;
    json_t *a = trace_of(LAB_TLS13, 1);
    json_t *same = compared(a, a);
    assert_int_equal(trace_diff_count(same), 0);
    json_t *b = trace_of(LAB_TLS13, 2);
    json_t *diff = compared(a, b);
    assert_true(trace_diff_count(diff) <= 1); /* its fingerprint; the lab makes new keys */
    const json_t *row = row_of(diff, "The server's certificates", "1: sha256");
    assert_true(json_is_false(json_object_get(row, "is_same")));
    assert_string_equal(meaning_of(row), "not the same certificate");
    json_decref(same);
    json_decref(diff);
    json_decref(a);
    json_decref(b);
}

static void test_versions_and_what_they_mean(void **state) {
    (void)state;
    json_t *a = trace_of(LAB_RSA, 1);
    json_t *b = trace_of(LAB_TLS13, 1);
    json_t *diff = compared(a, b);
    const json_t *version = row_of(diff, "What was agreed", "version");
    assert_string_equal(first(version, "a"), "TLS 1.2");
    assert_string_equal(first(version, "b"), "TLS 1.3");
    assert_non_null(strstr(meaning_of(version), "B: "));
    const json_t *exchange = row_of(diff, "What was agreed", "key exchange");
    assert_non_null(strstr(meaning_of(exchange), "forward secrecy"));
    const json_t *suites = row_of(diff, "client ClientHello", "cipher_suites / suite");
    assert_string_equal(first(suites, "only_a"),
                        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (0xc02b)");
    assert_int_equal(json_array_size(json_object_get(suites, "only_b")), 4);
    const json_t *shares = row_of(diff, "client ClientHello", "key_share / client_shares / group");
    assert_int_equal(json_array_size(json_object_get(shares, "a")), 0);
    assert_string_equal(first(shares, "b"), "x25519 (0x001d)");
    assert_non_null(strstr(meaning_of(shares), "key_share"));
    assert_non_null(row_of(diff, "Sizes and times", "server ServerHello"));
    assert_null(row_of(diff, "client ClientHello", "random"));
    json_decref(diff);
    json_decref(a);
    json_decref(b);
}

static void test_another_order(void **state) {
    (void)state;
    static const char one[] =
        "{\"target\":\"x\",\"handshakes\":[{\"agreed\":{},\"messages\":[{\"from\":\"client\","
        "\"name\":\"ClientHello\",\"bytes\":\"0102\",\"fields\":[{\"name\":\"list\",\"depth\":0},"
        "{\"name\":\"n\",\"value\":\"%s\",\"depth\":1},{\"name\":\"n\",\"value\":\"%s\","
        "\"depth\":1},{\"name\":\"raw\",\"value\":\"1 byte\",\"offset\":%d,\"length\":1}]}]}]}";
    char text[1024];
    (void)snprintf(text, sizeof(text), one, "x", "y", 0);
    json_t *a = parsed(text);
    (void)snprintf(text, sizeof(text), one, "y", "x", 1);
    json_t *b = parsed(text);
    json_t *diff = compared(a, b);
    const json_t *row = row_of(diff, "client ClientHello", "list / n");
    assert_true(json_is_true(json_object_get(row, "is_reordered")));
    row = row_of(diff, "client ClientHello", "raw");
    assert_string_equal(first(row, "a"), "01");
    assert_string_equal(first(row, "b"), "02");
    assert_int_equal(trace_diff_count(diff), 2);
    struct buf out;
    render(diff, 80, false, &out);
    assert_non_null(strstr(buf_string(&out), "the same in another order"));
    assert_non_null(strstr(buf_string(&out), "2 differences"));
    buf_clear(&out);
    json_decref(diff);
    json_decref(a);
    json_decref(b);
}

static unsigned widest(const char *text) {
    unsigned most = 0;
    unsigned width = 0;
    for (; *text != '\0'; text++) {
        width = *text == '\n' ? 0 : width + (((uint8_t)*text & 0xC0) != 0x80 ? 1 : 0);
        most = width > most ? width : most;
    }
    return most;
}

static void test_the_width_is_kept(void **state) {
    (void)state;
    static const unsigned widths[] = {50, 80, 120};
    json_t *a = trace_of(LAB_ECDHE, 1);
    json_t *b = trace_of(LAB_MTLS, 1);
    json_t *diff = compared(a, b);
    for (size_t i = 0; i < PL_ARRAY_LEN(widths); i++) {
        struct buf few;
        struct buf all;
        render(diff, widths[i], false, &few);
        render(diff, widths[i], true, &all);
        assert_in_range(widest(buf_string(&all)), 45, widths[i]);
        assert_true(few.len < all.len);
        buf_clear(&few);
        buf_clear(&all);
    }
    json_decref(diff);
    json_decref(a);
    json_decref(b);
}

static void spoil(json_t *value) {
    const char *name = NULL;
    json_t *member = NULL;
    size_t index = 0;
    if (json_is_string(value)) {
        assert_int_equal(json_string_set(value, "\033[2J\x07<b>\xE2\x80\xAE"), 0);
    }
    json_object_foreach(value, name, member) {
        spoil(member);
    }
    json_array_foreach(value, index, member) {
        spoil(member);
    }
}

static void test_texts_are_escaped(void **state) {
    (void)state;
    json_t *a = trace_of(LAB_TLS13, 1);
    json_t *b = trace_of(LAB_RESUME, 1);
    spoil(a);
    json_t *diff = compared(a, b);
    struct buf out;
    render(diff, 80, true, &out);
    assert_null(strchr(buf_string(&out), '\033'));
    assert_null(strchr(buf_string(&out), '\x07'));
    assert_null(strstr(buf_string(&out), "\xE2\x80\xAE"));
    assert_non_null(strstr(buf_string(&out), "A has 1 handshakes and B 2"));
    buf_clear(&out);
    json_decref(diff);
    json_decref(a);
    json_decref(b);
}

static void test_what_is_no_trace(void **state) {
    (void)state;
    static const char *const forms[] = {
        "[]",
        "{}",
        "{\"target\":\"x\"}",
        "{\"target\":\"x\",\"handshakes\":{}}",
        "{\"target\":\"x\",\"handshakes\":[]}",
        "{\"target\":\"x\",\"handshakes\":[1]}",
        "{\"target\":\"x\",\"handshakes\":[{\"agreed\":{}}]}",
        "{\"target\":7,\"handshakes\":[{\"agreed\":{},\"messages\":[]}]}",
        "{\"target\":\"x\",\"handshakes\":[[],[],[],[],[],[],[],[],[]]}",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(forms); i++) {
        struct err e = {0};
        json_t *document = parsed(forms[i]);
        assert_fails(trace_diff_check(document, &e), &e, ERR_INSPECT_DIFF);
        json_decref(document);
    }
}

static void test_any_other_form_is_borne(void **state) {
    (void)state;
    json_t *a = trace_of(LAB_TLS13, 1);
    json_t *b = parsed(
        "{\"target\":\"x\",\"handshakes\":[{\"agreed\":{\"version\":[],\"suite\":{\"name\":3}},"
        "\"messages\":[1,{},{\"fields\":[{\"depth\":-7},{\"depth\":999,\"name\":\"n\"}]},"
        "{\"name\":\"ClientHello\",\"from\":\"client\",\"bytes\":\"zz\",\"fields\":[{\"name\":"
        "\"n\","
        "\"offset\":-1,\"length\":9999999},{\"name\":\"extension\",\"depth\":0},"
        "{\"name\":\"extension_data\",\"depth\":1}]}],\"checks\":[[],{\"name\":4}],"
        "\"flights\":{},\"certificates\":[7],\"verification\":\"no\",\"failure\":[]}]}");
    json_t *diff = compared(a, b);
    json_t *back = compared(b, a);
    assert_int_equal(trace_diff_count(diff), trace_diff_count(back));
    json_decref(diff);
    json_decref(back);
    json_decref(a);
    json_decref(b);
}

static void test_too_many_fields(void **state) {
    (void)state;
    struct err e = {0};
    json_t *document =
        parsed("{\"target\":\"x\",\"handshakes\":[{\"agreed\":{},\"messages\":[]}]}");
    json_t *messages =
        json_object_get(json_array_get(json_object_get(document, "handshakes"), 0), "messages");
    json_t *fields = json_array();
    for (int i = 0; i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(json_array_append_new(fields, json_pack("{s:s, s:s, s:i}", "name", name,
                                                                 "value", "v", "depth", 0)),
                         0);
    }
    for (int i = 0; i < DIFF_ROWS_MAX / 1000 + 1; i++) {
        assert_int_equal(
            json_array_append_new(messages, json_pack("{s:s, s:O}", "name", "m", "fields", fields)),
            0);
    }
    json_decref(fields);
    json_t *diff = NULL;
    assert_fails(trace_diff(document, document, &diff, &e), &e, ERR_BASE_LIMIT);
    json_decref(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_of_one_kind),
        cmocka_unit_test(test_versions_and_what_they_mean),
        cmocka_unit_test(test_another_order),
        cmocka_unit_test(test_the_width_is_kept),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_what_is_no_trace),
        cmocka_unit_test(test_any_other_form_is_borne),
        cmocka_unit_test(test_too_many_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
