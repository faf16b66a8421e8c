/* pki/dane: each usage, selector and matching type; what cannot be used; the demands of each. */
#include "unit.h"

#include "make_cert.h"
#include "pki/dane.h"

struct scene {
    struct made root;
    struct made leaf;
    struct made other;
    struct cert_list presented;
    struct cert_list anchors;
    struct verify_input input;
    struct verdict verdict;
};

static void begin(struct scene *s, bool is_trusted) {
    struct err e = {0};
    *s = (struct scene){0};
    s->root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    s->leaf = make_cert((struct make_cert){.issuer = &s->root, .sans = "DNS:www.example.com"});
    s->other = make_cert((struct make_cert){.name = "Other", .is_ca = true});
    assert_ok(cert_list_add(&s->presented, s->leaf.cert, &e), &e);
    assert_ok(cert_list_add(&s->presented, s->root.cert, &e), &e);
    assert_ok(cert_list_add(&s->anchors, is_trusted ? s->root.cert : s->other.cert, &e), &e);
    s->input = (struct verify_input){.leaf = s->leaf.cert,
                                     .presented = &s->presented,
                                     .anchors = &s->anchors,
                                     .host = "www.example.com",
                                     .at_ms = MAKE_CERT_NOW_MS};
    assert_ok(verify_certificate(&s->input, &s->verdict, &e), &e);
}

static void end(struct scene *s) {
    verdict_clear(&s->verdict);
    cert_list_clear(&s->presented);
    cert_list_clear(&s->anchors);
    made_clear(&s->root);
    made_clear(&s->leaf);
    made_clear(&s->other);
}

static enum dane_fit fit_of(const struct scene *s, unsigned usage, unsigned selector,
                            unsigned matching, const struct cert *about) {
    struct err e = {0};
    struct buf data = {.max = CERT_DER_MAX};
    struct dane_word word = {0};
    assert_ok(
        dane_data(about, (enum dane_selector)selector, (enum dane_matching)matching, &data, &e),
        &e);
    const struct dane_record record = {.usage = (uint8_t)usage,
                                       .selector = (uint8_t)selector,
                                       .matching = (uint8_t)matching,
                                       .data = data.data,
                                       .len = data.len};
    assert_ok(dane_check(&record, &s->input, &s->verdict, &word, &e), &e);
    assert_true(word.sentence[0] != '\0');
    buf_clear(&data);
    return word.fit;
}

static void test_every_selector_and_matching_type(void **state) {
    (void)state;
    struct scene s;
    begin(&s, true);
    for (unsigned selector = 0; selector < 2; selector++) {
        for (unsigned matching = 0; matching < 3; matching++) {
            assert_int_equal(fit_of(&s, DANE_EE, selector, matching, s.leaf.cert), DANE_FITS);
            assert_int_equal(fit_of(&s, DANE_PKIX_EE, selector, matching, s.leaf.cert), DANE_FITS);
            assert_int_equal(fit_of(&s, DANE_TA, selector, matching, s.root.cert), DANE_FITS);
            assert_int_equal(fit_of(&s, DANE_PKIX_TA, selector, matching, s.root.cert), DANE_FITS);
            for (unsigned usage = 0; usage < 4; usage++) {
                assert_int_equal(fit_of(&s, usage, selector, matching, s.other.cert),
                                 DANE_FITS_NOT);
            }
        }
    }
    /* A CA that is not presented: the whole certificate is enough, its key or a hash is not. */
    cert_list_clear(&s.presented);
    assert_int_equal(fit_of(&s, DANE_TA, DANE_CERT, DANE_FULL, s.root.cert), DANE_FITS);
    assert_int_equal(fit_of(&s, DANE_TA, DANE_SPKI, DANE_FULL, s.root.cert), DANE_FITS_NOT);
    assert_int_equal(fit_of(&s, DANE_TA, DANE_CERT, DANE_SHA256, s.root.cert), DANE_FITS_NOT);
    assert_int_equal(fit_of(&s, DANE_TA, DANE_CERT, DANE_FULL, s.other.cert), DANE_FITS_NOT);
    assert_int_equal(fit_of(&s, DANE_TA, DANE_CERT, DANE_FULL, s.leaf.cert), DANE_FITS_NOT);
    /* Of the wrong place in the chain. */
    assert_int_equal(fit_of(&s, DANE_EE, 1, 1, s.root.cert), DANE_FITS_NOT);
    assert_int_equal(fit_of(&s, DANE_TA, 1, 1, s.leaf.cert), DANE_FITS_NOT);
    assert_int_equal(fit_of(&s, DANE_PKIX_TA, 1, 1, s.leaf.cert), DANE_FITS_NOT);
    end(&s);
}

static void test_without_a_trusted_root(void **state) {
    (void)state;
    struct scene s;
    begin(&s, false);
    assert_int_equal(s.verdict.overall, VERIFY_FAIL);
    assert_int_equal(fit_of(&s, DANE_EE, 1, 1, s.leaf.cert), DANE_FITS);
    assert_int_equal(fit_of(&s, DANE_TA, 1, 1, s.root.cert), DANE_FITS);
    assert_int_equal(fit_of(&s, DANE_PKIX_EE, 1, 1, s.leaf.cert), DANE_FITS_NOT);
    assert_int_equal(fit_of(&s, DANE_PKIX_TA, 1, 1, s.root.cert), DANE_FITS_NOT);
    end(&s);
}

/* RFC 7671 §5.1, §5.2: beside DANE-EE names and dates do not count, beside DANE-TA they do. */
static void test_names_and_dates(void **state) {
    (void)state;
    struct scene s;
    begin(&s, false);
    s.input.host = "elsewhere.example.com";
    assert_int_equal(fit_of(&s, DANE_EE, 1, 1, s.leaf.cert), DANE_FITS);
    assert_int_equal(fit_of(&s, DANE_TA, 1, 1, s.root.cert), DANE_FITS_NOT);
    s.input.host = "www.example.com";
    s.input.at_ms = MAKE_CERT_NOT_AFTER_MS + 86400000;
    assert_int_equal(fit_of(&s, DANE_EE, 1, 1, s.leaf.cert), DANE_FITS);
    assert_int_equal(fit_of(&s, DANE_TA, 1, 1, s.root.cert), DANE_FITS_NOT);
    end(&s);
}

static void test_what_cannot_be_used(void **state) {
    (void)state;
    static const uint8_t bytes[70] = {0};
    static const struct dane_record bad[] = {
        {4, 0, 1, bytes, 32}, {255, 0, 1, bytes, 32}, {3, 2, 1, bytes, 32}, {3, 1, 3, bytes, 32},
        {3, 1, 1, bytes, 31}, {3, 1, 1, bytes, 33},   {3, 1, 2, bytes, 63}, {3, 1, 2, bytes, 65}};
    struct scene s;
    begin(&s, true);
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct err e = {0};
        struct dane_word word = {0};
        assert_false(dane_record_is_usable(&bad[i]));
        assert_ok(dane_check(&bad[i], &s.input, &s.verdict, &word, &e), &e);
        assert_int_equal(word.fit, DANE_UNUSABLE);
    }
    end(&s);
}

static void test_reading(void **state) {
    (void)state;
    static uint8_t rdata[DANE_RDATA_MAX + 1] = {3, 1, 2, 9};
    struct dane_record record;
    assert_false(dane_record_read(rdata, 0, &record));
    assert_false(dane_record_read(rdata, 3, &record));
    assert_true(dane_record_read(rdata, 4, &record));
    assert_int_equal(record.usage, 3);
    assert_int_equal(record.selector, 1);
    assert_int_equal(record.matching, 2);
    assert_int_equal(record.len, 1);
    assert_int_equal(record.data[0], 9);
    assert_true(dane_record_read(rdata, DANE_RDATA_MAX, &record));
    assert_false(dane_record_read(rdata, DANE_RDATA_MAX + 1, &record));
    assert_string_equal(dane_usage_name(2), "DANE-TA");
    assert_string_equal(dane_usage_name(4), "unknown");
}

static void test_data_without_room(void **state) {
    (void)state;
    struct err e = {0};
    struct made cert = make_cert((struct make_cert){.name = "A"});
    struct buf small = {.max = 31};
    assert_fails(dane_data(cert.cert, DANE_SPKI, DANE_SHA256, &small, &e), &e, ERR_BASE_LIMIT);
    buf_clear(&small);
    made_clear(&cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_selector_and_matching_type),
        cmocka_unit_test(test_without_a_trusted_root),
        cmocka_unit_test(test_names_and_dates),
        cmocka_unit_test(test_what_cannot_be_used),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_data_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
