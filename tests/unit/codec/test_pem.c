/* codec/pem: blocks with anything around them, and blocks that are broken. */
#include "unit.h"

#include "codec/pem.h"

#include <stdio.h>

static struct pem read_pem(const char *text) {
    struct err e = {0};
    struct pem pem = {0};
    assert_ok(pem_read(text, strlen(text), &pem, &e), &e);
    return pem;
}

static void check_block(const struct pem_block *block, const char *label, const char *content) {
    assert_string_equal(block->label, label);
    assert_string_equal(buf_string(&block->content), content);
}

static void test_one_block_is_found_however_it_is_written(void **state) {
    (void)state;
    static const char *const texts[] = {
        "-----BEGIN A B-----\nZm9v\nYmFy\n-----END A B-----\n",
        "-----BEGIN A B-----\r\nZm9v\r\nYmFy\r\n-----END A B-----\r\n",
        "-----BEGIN A B-----\rZm9v\rYmFy\r-----END A B-----",
        "  -----BEGIN A B-----\n  Zm9v\n  YmFy  \n  -----END A B-----",
        "> -----BEGIN A B-----\n> Zm9v\n> YmFy\n> -----END A B-----",
        ">> | -----BEGIN A B-----\n>> | Zm9vYmFy\n>> | -----END A B-----",
        "-----BEGIN A B----- Zm9v YmFy -----END A B-----",
        "-----BEGIN A B-----Zm9vYmFy-----END A B-----",
        "{\"csr\":\"-----BEGIN A B-----\\nZm9v\\r\\nYmFy\\n-----END A B-----\\n\"}",
        "-----BEGIN A B-----\n\nZm9vYmFy\n\n-----END A B-----",
        "-----BEGIN A B-----\nZm9vYmFy\n-----END A B----",
        "-----BEGIN A B-----\nZm9vYmFy\n-----END A B",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        PL_AUTO(pem_clear) struct pem pem = read_pem(texts[i]);
        assert_int_equal(pem.count, 1);
        check_block(&pem.blocks[0], "A B", "foobar");
        assert_int_equal(pem.blocks[0].headers.count, 0);
    }
}

static void test_several_blocks_keep_their_order_and_lines(void **state) {
    (void)state;
    PL_AUTO(pem_clear)
    struct pem pem = read_pem("\n-----BEGIN A-----\nZm9v\n-----END A-----\n\n\n"
                              "-----BEGIN B-----\nYmFy\n-----END B-----\n"
                              "-----BEGIN A-----\nZm8=\n-----END A-----");
    assert_int_equal(pem.count, 3);
    check_block(&pem.blocks[0], "A", "foo");
    check_block(&pem.blocks[1], "B", "bar");
    check_block(&pem.blocks[2], "A", "fo");
    assert_int_equal(pem.blocks[0].line, 2);
    assert_int_equal(pem.blocks[1].line, 7);
    assert_int_equal(pem.blocks[2].line, 10);
    assert_false(pem.has_other_text);
}

static void test_texts_without_blocks_have_none(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "hello",
        "-----BEGIN",
        "-----BEGIN -----",
        "-----BEGIN A",
        "-----BEGIN  A-----",
        "----BEGIN A----\nZm9v\n----END A----",
        "-----BEGIN PGP MESSAGE-----\n\nZm9v\n=abcd\n-----END PGP MESSAGE-----"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        PL_AUTO(pem_clear) struct pem pem = read_pem(texts[i]);
        assert_int_equal(pem.count, 0);
        assert_int_equal(pem.has_other_text, i > 0);
    }
}

static void test_text_around_is_noticed(void **state) {
    (void)state;
    PL_AUTO(pem_clear)
    struct pem before = read_pem("Hi\n-----BEGIN A-----\nZm9v\n-----END A-----\n");
    assert_true(before.has_other_text);
    PL_AUTO(pem_clear) struct pem after = read_pem("-----BEGIN A-----\nZm9v\n-----END A-----\nBye");
    assert_true(after.has_other_text);
    PL_AUTO(pem_clear)
    struct pem none = read_pem(" \n>\n-----BEGIN A-----\nZm9v\n-----END A-----\n\n");
    assert_false(none.has_other_text);
}

static void test_headers_are_kept_aside(void **state) {
    (void)state;
    PL_AUTO(pem_clear)
    struct pem pem = read_pem(
        "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,\r\n"
        "  00112233\r\n\r\nZm9v\r\n-----END RSA PRIVATE KEY-----");
    const struct pem_block *block = &pem.blocks[0];
    check_block(block, "RSA PRIVATE KEY", "foo");
    assert_int_equal(block->headers.count, 2);
    assert_string_equal(pem_block_header(block, "dek-info"), "AES-256-CBC,00112233");
    assert_string_equal(pem_block_header(block, "Proc-Type"), "4,ENCRYPTED");
    assert_null(pem_block_header(block, "Proc"));
    assert_null(pem_block_header(block, "Proc-Type: 4"));
    assert_true(pem_block_is_encrypted(block));
    PL_AUTO(pem_clear) struct pem plain = read_pem("-----BEGIN A-----\nZm9v\n-----END A-----\n");
    assert_false(pem_block_is_encrypted(&plain.blocks[0]));
}

static void test_bag_attributes_give_a_friendly_name(void **state) {
    (void)state;
    PL_AUTO(pem_clear)
    struct pem pem = read_pem(
        "Bag Attributes\n    friendlyName: Shop 2026\n    localKeyID: 01 02\nsubject=CN = a\n"
        "issuer=CN = a\n-----BEGIN A-----\nZm9v\n-----END A-----\n"
        "Bag Attributes: <No Attributes>\n-----BEGIN B-----\nZm9v\n-----END B-----\n");
    assert_string_equal(pem.blocks[0].friendly_name, "Shop 2026");
    assert_null(pem.blocks[1].friendly_name);
    assert_false(pem.has_other_text);
}

struct broken_case {
    const char *text;
    enum err_code code;
};

static void test_broken_blocks_are_told_apart(void **state) {
    (void)state;
    static const struct broken_case cases[] = {
        {"-----BEGIN A-----\nZm9v\n", ERR_CODEC_PEM_END_MISSING},
        {"-----BEGIN A-----\nZm9v\n-----BEGIN B-----\nZm9v\n-----END B-----",
         ERR_CODEC_PEM_END_MISSING},
        {"-----BEGIN A-----\nZm9v\n-----EN", ERR_CODEC_PEM_END_MISSING},
        {"-----BEGIN A-----\nZm9v\n-----END B-----", ERR_CODEC_PEM_END_MISMATCH},
        {"-----BEGIN A-----\nZm9v\n-----END AB-----", ERR_CODEC_PEM_END_MISMATCH},
        {"-----BEGIN A-----\nZm9v*\n-----END A-----", ERR_CODEC_PEM_BASE64},
        {"-----BEGIN A-----\nZm9vY\n-----END A-----", ERR_CODEC_PEM_BASE64},
        {"-----BEGIN A-----\n-----END A-----", ERR_CODEC_PEM_EMPTY},
        {"-----BEGIN A-----\nName: x\n\n-----END A-----", ERR_CODEC_PEM_EMPTY},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct pem pem = {.count = 7};
        assert_fails(pem_read(cases[i].text, strlen(cases[i].text), &pem, &e), &e, cases[i].code);
        assert_non_null(strstr(e.step[0], "line 1"));
        assert_int_equal(pem.count, 7);
    }
}

static void test_labels_have_their_limit(void **state) {
    (void)state;
    char label[PEM_LABEL_MAX + 2];
    memset(label, 'A', sizeof(label));
    for (size_t len = PEM_LABEL_MAX; len <= PEM_LABEL_MAX + 1; len++) {
        struct err e = {0};
        char text[512];
        PL_AUTO(pem_clear) struct pem pem = {0};
        label[len] = '\0';
        int text_len = snprintf(text, sizeof(text), "-----BEGIN %s-----\nZm9v\n-----END %s-----",
                                label, label);
        bool ok = pem_read(text, (size_t)text_len, &pem, &e);
        assert_int_equal(ok, len == PEM_LABEL_MAX);
        assert_true(ok || e.code == ERR_CODEC_PEM_LABEL);
        label[len] = 'A';
    }
}

static void test_blocks_have_their_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 1024 * 1024);
    for (size_t i = 0; i < PEM_BLOCKS_MAX; i++) {
        assert_ok(pem_write("A", "foo", 3, &text, &e), &e);
    }
    PL_AUTO(pem_clear) struct pem pem = read_pem(buf_string(&text));
    assert_int_equal(pem.count, PEM_BLOCKS_MAX);
    assert_ok(pem_write("A", "foo", 3, &text, &e), &e);
    struct pem too_many = {0};
    assert_fails(pem_read(buf_string(&text), text.len, &too_many, &e), &e, ERR_BASE_LIMIT);
    assert_fails(pem_read("", PEM_TEXT_MAX + 1, &too_many, &e), &e, ERR_BASE_LIMIT);
}

static void test_headers_have_their_limit(void **state) {
    (void)state;
    for (size_t count = PEM_HEADERS_MAX; count <= PEM_HEADERS_MAX + 1; count++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf text;
        PL_AUTO(pem_clear) struct pem pem = {0};
        buf_init(&text, 4096);
        assert_ok(buf_append_string(&text, "-----BEGIN A-----\n", &e), &e);
        for (size_t i = 0; i < count; i++) {
            assert_ok(buf_printf(&text, &e, "Name-%zu: x\n", i), &e);
        }
        assert_ok(buf_append_string(&text, "\nZm9v\n-----END A-----\n", &e), &e);
        bool ok = pem_read(buf_string(&text), text.len, &pem, &e);
        assert_int_equal(ok, count == PEM_HEADERS_MAX);
    }
}

static void test_base64_without_armour_is_der(void **state) {
    (void)state;
    struct err e = {0};
    static const char *const texts[] = {"MAMCAQE=", " MAMC\r\nAQE\n"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        PL_AUTO(buf_clear) struct buf der;
        buf_init(&der, 64);
        assert_ok(pem_read_bare(texts[i], strlen(texts[i]), &der, &e), &e);
        assert_int_equal(der.len, 5);
        assert_memory_equal(der.data, "\x30\x03\x02\x01\x01", 5);
    }
    static const char *const others[] = {"",     "hello",    "hello world!",
                                         "Zm9v", "MAMCAQEA", "MAMCAQ=="};
    for (size_t i = 0; i < PL_ARRAY_LEN(others); i++) {
        PL_AUTO(buf_clear) struct buf der;
        buf_init(&der, 64);
        assert_ok(pem_read_bare(others[i], strlen(others[i]), &der, &e), &e);
        assert_int_equal(der.len, 0);
    }
}

static void test_written_blocks_read_back(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 4096);
    char content[100];
    memset(content, 'x', sizeof(content) - 1);
    content[sizeof(content) - 1] = '\0';
    assert_ok(pem_write("CERTIFICATE", content, strlen(content), &text, &e), &e);
    assert_int_equal(strcspn(strchr(buf_string(&text), '\n') + 1, "\n"), 64);
    PL_AUTO(pem_clear) struct pem pem = read_pem(buf_string(&text));
    check_block(&pem.blocks[0], "CERTIFICATE", content);
}

static bool walk(struct err *e) {
    static const char text[] =
        "Bag Attributes\n friendlyName: x\n-----BEGIN A-----\nName: x\n y\n\nZm9v\n"
        "-----END A-----\n-----BEGIN B-----\nZm9v\n-----END B-----\n";
    PL_AUTO(pem_clear) struct pem pem = {0};
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, 64);
    return pem_read(text, strlen(text), &pem, e) && pem_read_bare("MAMCAQE=", 8, &der, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(walk(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_block_is_found_however_it_is_written),
        cmocka_unit_test(test_several_blocks_keep_their_order_and_lines),
        cmocka_unit_test(test_texts_without_blocks_have_none),
        cmocka_unit_test(test_text_around_is_noticed),
        cmocka_unit_test(test_headers_are_kept_aside),
        cmocka_unit_test(test_bag_attributes_give_a_friendly_name),
        cmocka_unit_test(test_broken_blocks_are_told_apart),
        cmocka_unit_test(test_labels_have_their_limit),
        cmocka_unit_test(test_blocks_have_their_limit),
        cmocka_unit_test(test_headers_have_their_limit),
        cmocka_unit_test(test_base64_without_armour_is_der),
        cmocka_unit_test(test_written_blocks_read_back),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
