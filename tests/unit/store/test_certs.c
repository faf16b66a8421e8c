/* Installed certificates: found every way, listed in pages that join to the whole. */
#include "store_fixture.h"

#include "base/hex.h"

enum { MANY = 137 };

static void add_many(struct fixture *f, unsigned count) {
    struct operation op;
    begin(f, &op, "add many");
    for (unsigned i = 0; i < count; i++) {
        struct cert_row row = make_cert(i);
        assert_ok(store_cert_insert(f->store, &row, &f->e), &f->e);
    }
    commit(f, &op);
}

static size_t count_found(struct fixture *f, const char *text) {
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    assert_ok(store_cert_find(f->store, text, &rows, &f->e), &f->e);
    return rows.count;
}

static size_t count_listed(struct fixture *f, const struct cert_filter *filter) {
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    const struct page page = {.limit = STORE_PAGE_MAX};
    assert_ok(store_cert_list(f->store, filter, CERT_SORT_EXPIRY, &page, &rows, &f->e), &f->e);
    return rows.count;
}

static void test_row_comes_back_as_it_went_in(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    struct cert_row cert = make_cert(3);
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    add_key(f, &key);
    cert.key_id = key.id;
    cert.is_ca = true;
    add_cert(f, &cert);
    assert_ok(store_cert_get(f->store, &cert.id, &row, &f->e), &f->e);
    assert_true(id_equal(&row->id, &cert.id));
    assert_int_equal(row->version, 1);
    assert_int_equal(row->deleted_ms, 0);
    assert_true(row->created_ms > 0);
    assert_true(id_equal(&row->node_id, store_node_id(f->store)));
    assert_string_equal(row->friendly_name, "Site 00003");
    assert_true(id_equal(&row->key_id, &key.id));
    assert_true(id_is_zero(&row->request_id));
    assert_int_equal(row->der.len, cert.der.len);
    assert_memory_equal(row->der.data, cert.der.data, cert.der.len);
    assert_memory_equal(row->sha256, cert.sha256, 32);
    assert_string_equal(row->issuer, "CN=Odd CA");
    assert_int_equal(row->names.count, 2);
    assert_string_equal(row->names.items[0], "www.site3.example");
    assert_string_equal(row->names.items[1], "shop.site3.example");
    assert_int_equal(row->not_after_ms, cert.not_after_ms);
    assert_true(row->is_ca);
}

static void test_certificate_is_found_by_id_name_and_fingerprint(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct cert_row other = make_cert(2);
    char text[ID_TEXT_LEN + 1];
    char short_text[ID_SHORT_LEN + 1];
    char fingerprint[65];
    add_cert(f, &cert);
    add_cert(f, &other);
    id_format(&cert.id, text);
    id_format_short(&cert.id, short_text);
    hex_encode(cert.sha256, 32, fingerprint);
    assert_int_equal(count_found(f, text), 1);
    assert_int_equal(count_found(f, short_text), 1);
    assert_int_equal(count_found(f, "Site 00001"), 1);
    assert_int_equal(count_found(f, "shop.site1.example"), 1);
    assert_int_equal(count_found(f, fingerprint), 1);
    assert_int_equal(count_found(f, "00000000"), 0);
    assert_int_equal(count_found(f, "Site 00003"), 0);
    assert_int_equal(count_found(f, ""), 0);
}

static void test_find_answers_at_most_its_maximum(void **state) {
    struct fixture *f = *state;
    struct operation op;
    begin(f, &op, "same names");
    for (unsigned i = 0; i < STORE_FIND_MAX + 2; i++) {
        struct cert_row row = make_cert(i);
        row.friendly_name = "same";
        assert_ok(store_cert_insert(f->store, &row, &f->e), &f->e);
    }
    commit(f, &op);
    assert_int_equal(count_found(f, "same"), STORE_FIND_MAX);
}

static void test_same_certificate_is_installed_once(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct cert_row twin = make_cert(1);
    struct operation op = {0};
    PL_AUTO(cert_row_freep) struct cert_row *found = NULL;
    add_cert(f, &cert);
    begin(f, &op, "twin");
    assert_fails(store_cert_insert(f->store, &twin, &f->e), &f->e, ERR_STORE_CONSTRAINT);
    assert_string_equal(f->e.step[0], "this certificate is already installed");
    assert_ok(store_cert_delete(f->store, &cert, &f->e), &f->e);
    twin = make_cert(1);
    assert_ok(store_cert_insert(f->store, &twin, &f->e), &f->e);
    commit(f, &op);
    assert_ok(store_cert_find_sha256(f->store, twin.sha256, &found, &f->e), &f->e);
    assert_true(id_equal(&found->id, &twin.id));
}

static void test_change_of_an_older_version_is_refused(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op = {0};
    add_cert(f, &cert);
    struct cert_row older = cert;
    begin(f, &op, "two changes");
    cert.friendly_name = "first";
    assert_ok(store_cert_update(f->store, &cert, &f->e), &f->e);
    assert_int_equal(cert.version, 2);
    older.friendly_name = "second";
    assert_fails(store_cert_update(f->store, &older, &f->e), &f->e, ERR_STORE_VERSION);
    assert_fails(store_cert_delete(f->store, &older, &f->e), &f->e, ERR_STORE_VERSION);
    assert_ok(store_cert_delete(f->store, &cert, &f->e), &f->e);
    assert_fails(store_cert_update(f->store, &cert, &f->e), &f->e, ERR_STORE_VERSION);
    commit(f, &op);
    assert_int_equal(count_found(f, "first"), 0);
}

static void test_text_that_is_not_utf8_is_refused(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op = {0};
    static char long_text[STORE_TEXT_MAX + 2];
    begin(f, &op, "bad text");
    cert.friendly_name = "\xff\xfe";
    assert_fails(store_cert_insert(f->store, &cert, &f->e), &f->e, ERR_STORE_TEXT);
    memset(long_text, 'a', STORE_TEXT_MAX + 1);
    cert.friendly_name = long_text;
    assert_fails(store_cert_insert(f->store, &cert, &f->e), &f->e, ERR_STORE_TEXT);
    long_text[STORE_TEXT_MAX] = '\0';
    assert_ok(store_cert_insert(f->store, &cert, &f->e), &f->e);
    operation_rollback(&op);
}

static void test_hostile_names_stay_one_line_each(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    static char two_lines[] = "a.example\nb.example";
    static char not_utf8[] = "\xff.example";
    static char backslash[] = "c\\d.example";
    char *names[] = {two_lines, not_utf8, backslash};
    struct operation op;
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    cert.names = (struct texts){names, 3};
    add_cert(f, &cert);
    for (unsigned i = 0; i < 2; i++) {
        mem_free(PL_TAKE(row));
        assert_ok(store_cert_get(f->store, &cert.id, &row, &f->e), &f->e);
        assert_int_equal(row->names.count, 3);
        assert_string_equal(row->names.items[0], "a.example\\x0ab.example");
        assert_string_equal(row->names.items[1], "\\xff.example");
        assert_string_equal(row->names.items[2], "c\\d.example");
        begin(f, &op, "write it again");
        assert_ok(store_cert_update(f->store, row, &f->e), &f->e);
        commit(f, &op);
    }
}

static void test_filters_choose(void **state) {
    struct fixture *f = *state;
    add_many(f, 20);
    assert_int_equal(count_listed(f, NULL), 20);
    assert_int_equal(count_listed(f, &(struct cert_filter){.name = "www.site7.example"}), 1);
    assert_int_equal(count_listed(f, &(struct cert_filter){.name = "site7.example"}), 0);
    assert_int_equal(count_listed(f, &(struct cert_filter){.domain = "site7.example"}), 1);
    assert_int_equal(count_listed(f, &(struct cert_filter){.domain = "www.site7.example"}), 1);
    assert_int_equal(count_listed(f, &(struct cert_filter){.domain = "ite7.example"}), 0);
    assert_int_equal(count_listed(f, &(struct cert_filter){.friendly_name_prefix = "Site 0001"}),
                     10);
    assert_int_equal(count_listed(f, &(struct cert_filter){.issuer = "CN=Even CA"}), 10);
    assert_int_equal(count_listed(f, &(struct cert_filter){.key = CERT_WITH}), 0);
    assert_int_equal(count_listed(f, &(struct cert_filter){.key = CERT_WITHOUT}), 20);
    struct cert_row one = make_cert(5);
    assert_int_equal(count_listed(f, &(struct cert_filter){.spki_sha256 = one.spki_sha256}), 1);
    size_t before = count_listed(f, &(struct cert_filter){.expires_before_ms = one.not_after_ms});
    size_t from = count_listed(f, &(struct cert_filter){.expires_from_ms = one.not_after_ms});
    assert_int_equal(before + from, 20);
    assert_true(before > 0 && from > 0);
}

static void test_names_are_listed_under_their_domains(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    static char deep[] = "a.b.c.d.e.f.g.h.i.j.K.Example.ORG";
    static char wild[] = "*.shop.example.net";
    static char address[] = "2001:db8::1";
    static char ipv4[] = "192.0.2.7";
    static char mail[] = "me@mail.example.net";
    char *names[] = {deep, wild, address, ipv4, mail};
    cert.names = (struct texts){names, PL_ARRAY_LEN(names)};
    add_cert(f, &cert);
    static const char *const under[] = {
        "example.org", "k.example.org", "shop.example.net",   "example.net",
        "2001:db8::1", "192.0.2.7",     "*.shop.example.net", "e.f.g.h.i.j.k.example.org"};
    for (size_t i = 0; i < PL_ARRAY_LEN(under); i++) {
        assert_int_equal(count_listed(f, &(struct cert_filter){.domain = under[i]}), 1);
    }
    static const char *const not_under[] = {"org", "2.7", "0.2.7", "mail.example.net",
                                            "d.e.f.g.h.i.j.k.example.org"};
    for (size_t i = 0; i < PL_ARRAY_LEN(not_under); i++) {
        assert_int_equal(count_listed(f, &(struct cert_filter){.domain = not_under[i]}), 0);
    }
    assert_int_equal(count_listed(f, &(struct cert_filter){.name = "*.shop.example.net"}), 1);
    assert_int_equal(count_listed(f, &(struct cert_filter){.name = "me@mail.example.net"}), 1);
}

/* Walks the list in pages of this size; every row is seen once, in order. */
static void walk(struct fixture *f, const struct cert_filter *filter, enum cert_sort sort,
                 struct page page, size_t expected) {
    PL_AUTO(mem_freep) char *after = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *last = NULL;
    size_t count = 0;
    bool is_more = true;
    int sign = page.is_descending ? -1 : 1;
    while (is_more) {
        PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
        page.after = after;
        assert_ok(store_cert_list(f->store, filter, sort, &page, &rows, &f->e), &f->e);
        assert_true(rows.count <= page.limit);
        for (size_t i = 0; i < rows.count; i++) {
            struct cert_row *row = PL_TAKE(rows.items[i]);
            if (last != NULL) {
                int64_t by_key = sort == CERT_SORT_EXPIRY ? row->not_after_ms - last->not_after_ms
                                 : sort == CERT_SORT_NAME
                                     ? strcmp(row->friendly_name, last->friendly_name)
                                     : 0;
                int by_id = memcmp(row->id.bytes, last->id.bytes, ID_LEN);
                assert_true(by_key * sign > 0 || (by_key == 0 && by_id * sign > 0));
            }
            mem_free(last);
            last = row;
            count++;
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
        is_more = after != NULL;
    }
    assert_int_equal(count, expected);
}

static void test_pages_join_to_the_whole_list(void **state) {
    struct fixture *f = *state;
    static const size_t limits[] = {1, 2, 7, MANY - 1, MANY, MANY + 1};
    static const enum cert_sort sorts[] = {CERT_SORT_EXPIRY, CERT_SORT_NAME, CERT_SORT_AGE};
    const struct cert_filter domain = {.domain = "site11.example"};
    const struct cert_filter even = {.issuer = "CN=Even CA", .key = CERT_WITHOUT};
    add_many(f, MANY);
    for (size_t i = 0; i < PL_ARRAY_LEN(sorts); i++) {
        for (size_t j = 0; j < PL_ARRAY_LEN(limits); j++) {
            struct page page = {.limit = limits[j]};
            walk(f, NULL, sorts[i], page, MANY);
            page.is_descending = true;
            walk(f, NULL, sorts[i], page, MANY);
            walk(f, &even, sorts[i], page, (MANY + 1) / 2);
            walk(f, &domain, sorts[i], page, 1);
        }
    }
}

static void test_malformed_place_is_refused(void **state) {
    struct fixture *f = *state;
    static const char *const places[] = {
        "x", "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeffx",
        "00112233445566778899aabbccddeeff12x", "zz112233445566778899aabbccddeeff12"};
    for (size_t i = 0; i < PL_ARRAY_LEN(places); i++) {
        PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
        const struct page page = {.after = places[i]};
        assert_fails(store_cert_list(f->store, NULL, CERT_SORT_EXPIRY, &page, &rows, &f->e), &f->e,
                     ERR_STORE_PAGE);
    }
}

static void test_key_of_a_live_certificate_cannot_be_deleted(void **state) {
    struct fixture *f = *state;
    struct key_row key = make_key(1);
    struct cert_row cert = make_cert(1);
    struct operation op = {0};
    add_key(f, &key);
    cert.key_id = key.id;
    add_cert(f, &cert);
    begin(f, &op, "delete");
    assert_fails(store_key_delete(f->store, &key, &f->e), &f->e, ERR_STORE_REFERENCE);
    assert_string_equal(f->e.step[0], "a certificate still uses the key");
    operation_rollback(&op);
    begin(f, &op, "delete");
    assert_ok(store_cert_delete(f->store, &cert, &f->e), &f->e);
    assert_ok(store_key_delete(f->store, &key, &f->e), &f->e);
    commit(f, &op);
}

static void test_missing_key_is_told(void **state) {
    struct fixture *f = *state;
    struct cert_row cert = make_cert(1);
    struct operation op = {0};
    cert.key_id = (struct id){{1}};
    begin(f, &op, "no key");
    bool ok = store_cert_insert(f->store, &cert, &f->e) && operation_commit(&op, &f->e);
    assert_fails(ok, &f->e, ERR_STORE_REFERENCE);
    operation_rollback(&op);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_row_comes_back_as_it_went_in),
        STORE_TEST(test_certificate_is_found_by_id_name_and_fingerprint),
        STORE_TEST(test_find_answers_at_most_its_maximum),
        STORE_TEST(test_same_certificate_is_installed_once),
        STORE_TEST(test_change_of_an_older_version_is_refused),
        STORE_TEST(test_text_that_is_not_utf8_is_refused),
        STORE_TEST(test_hostile_names_stay_one_line_each),
        STORE_TEST(test_filters_choose),
        STORE_TEST(test_names_are_listed_under_their_domains),
        STORE_TEST(test_pages_join_to_the_whole_list),
        STORE_TEST(test_malformed_place_is_refused),
        STORE_TEST(test_key_of_a_live_certificate_cannot_be_deleted),
        STORE_TEST(test_missing_key_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
