/* ca/crl: revocation lists, whole and in shards, read back by another reader. */
#include "unit.h"

#include "ca_fixture.h"

#include "ca/crl.h"
#include "pki/crl.h"

#include <stdio.h>

static struct test_ca ca;

static int open_ca(void **state) {
    (void)state;
    test_ca_init(&ca, "P-256", FIXTURE_NOW_MS);
    return 0;
}

static int close_ca(void **state) {
    (void)state;
    test_ca_clear(&ca);
    return 0;
}

static struct ca_crl plain_list(void) {
    return (struct ca_crl){.number = 1,
                           .this_update_ms = FIXTURE_NOW_MS,
                           .next_update_ms = FIXTURE_NOW_MS + CA_CRL_LIFETIME_MS};
}

static struct ca_serial serial_of(const char *text) {
    struct err e = {0};
    struct ca_serial serial;
    assert_ok(ca_serial_parse(text, &serial, &e), &e);
    return serial;
}

static struct crl *sign_list(const struct ca_issuer *issuer, EVP_PKEY *key,
                             const struct ca_crl *list) {
    struct err e = {0};
    struct crl *crl = NULL;
    PL_AUTO(buf_clear) struct buf tbs;
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&tbs, CA_CRL_DER_MAX);
    buf_init(&der, CA_CRL_DER_MAX);
    assert_ok(ca_crl_tbs(issuer, list, &tbs, &e), &e);
    test_sign_der(&tbs, key, &der);
    assert_ok(crl_from_der(der.data, der.len, &crl, &e), &e);
    return crl;
}

static void test_list_says_who_is_revoked_when_and_why(void **state) {
    (void)state;
    struct ca_issuer issuer = ca.issuer;
    issuer.crl_shard_count = 1;
    struct ca_crl_entry entries[] = {
        {serial_of("0101"), FIXTURE_NOW_MS - CLOCK_HOUR_MS, 1},
        {serial_of("0102"), FIXTURE_NOW_MS - 2 * CLOCK_HOUR_MS, 0},
        {serial_of("ff03"), FIXTURE_NOW_MS, 4},
    };
    struct ca_crl list = plain_list();
    list.entries = entries;
    list.entry_count = PL_ARRAY_LEN(entries);
    list.number = UINT64_C(0x123456789a);
    struct crl *crl = sign_list(&issuer, ca.issuing_key, &list);
    assert_true(crl_is_signed_by(crl, ca.issuing));
    assert_int_equal(X509_CRL_get_version(crl->x509_crl), X509_CRL_VERSION_2);
    assert_string_equal(crl->number, "123456789a");
    assert_int_equal(crl->this_update_ms, list.this_update_ms);
    assert_int_equal(crl->next_update_ms, list.next_update_ms);
    assert_int_equal(crl->entry_count, 3);
    assert_memory_equal(crl->authority_key_id.bytes, ca.issuing->subject_key_id.bytes, 20);
    struct crl_entry entry;
    assert_true(crl_has_serial(crl, "0101", &entry));
    assert_int_equal(entry.reason, 1);
    assert_int_equal(entry.revoked_ms, FIXTURE_NOW_MS - CLOCK_HOUR_MS);
    assert_true(crl_has_serial(crl, "0102", &entry));
    assert_int_equal(entry.reason, -1); /* "unspecified" is left out */
    assert_true(crl_has_serial(crl, "ff03", &entry));
    assert_int_equal(entry.reason, 4);
    assert_false(crl_has_serial(crl, "0103", &entry));
    crl_free(crl);
}

static void test_empty_list_of_a_root(void **state) {
    (void)state;
    struct ca_crl list = plain_list();
    list.next_update_ms = FIXTURE_NOW_MS + CA_ROOT_CRL_LIFETIME_MAX_MS;
    struct crl *crl = sign_list(&ca.root_issuer, ca.root_key, &list);
    assert_true(crl_is_signed_by(crl, ca.root));
    assert_true(crl_covers_cert(crl, ca.issuing));
    assert_int_equal(crl->entry_count, 0);
    assert_string_equal(crl->signature_algorithm, "ecdsa-with-SHA384");
    assert_null(X509_CRL_get_REVOKED(crl->x509_crl));
    crl_free(crl);
}

/* Each leaf is covered by the list of its own shard alone. */
static void test_shard_covers_the_leaves_that_name_it(void **state) {
    (void)state;
    struct crl *lists[4];
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    assert_int_equal(ca.issuer.crl_shard_count, PL_ARRAY_LEN(lists));
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    for (unsigned shard = 0; shard < PL_ARRAY_LEN(lists); shard++) {
        struct ca_crl list = plain_list();
        list.shard = shard;
        lists[shard] = sign_list(&ca.issuer, ca.issuing_key, &list);
        int critical = -1;
        ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(
            lists[shard]->x509_crl, NID_issuing_distribution_point, &critical, NULL);
        assert_non_null(point);
        assert_int_equal(critical, 1);
        assert_true(point->onlyuser > 0);
        assert_true(point->onlyCA <= 0 && point->indirectCRL <= 0 && point->onlyattr <= 0);
        assert_null(point->onlysomereasons);
        ISSUING_DIST_POINT_free(point);
    }
    for (unsigned i = 0; i < 16; i++) {
        PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
        struct ca_serial serial = serial_of(cert->serial);
        for (unsigned shard = 0; shard < PL_ARRAY_LEN(lists); shard++) {
            assert_int_equal(crl_covers_cert(lists[shard], cert),
                             ca_serial_shard(&serial, 4) == shard);
        }
    }
    for (unsigned shard = 0; shard < PL_ARRAY_LEN(lists); shard++) {
        crl_free(lists[shard]);
    }
}

static void assert_refused(const struct ca_issuer *issuer, const struct ca_crl *list,
                           enum err_code code) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    buf_init(&tbs, CA_CRL_DER_MAX);
    assert_fails(ca_crl_tbs(issuer, list, &tbs, &e), &e, code);
    assert_int_equal(tbs.len, 0);
}

static void test_shards_need_an_address(void **state) {
    (void)state;
    struct ca_issuer issuer = ca.issuer;
    struct ca_crl list = plain_list();
    issuer.base_url = NULL;
    assert_refused(&issuer, &list, ERR_CA_CRL_BASE_URL);
    issuer.crl_shard_count = 1;
    crl_free(sign_list(&issuer, ca.issuing_key, &list));
}

static void test_list_lasts_no_longer_than_allowed(void **state) {
    (void)state;
    struct ca_crl list = plain_list();
    list.next_update_ms = list.this_update_ms;
    assert_refused(&ca.issuer, &list, ERR_CA_CRL_TIMES);
    list.next_update_ms = list.this_update_ms + CA_CRL_LIFETIME_MAX_MS + CLOCK_SECOND_MS;
    assert_refused(&ca.issuer, &list, ERR_CA_CRL_TIMES);
    list.next_update_ms -= CLOCK_SECOND_MS;
    crl_free(sign_list(&ca.issuer, ca.issuing_key, &list));
    list.next_update_ms = list.this_update_ms + CA_ROOT_CRL_LIFETIME_MAX_MS + CLOCK_SECOND_MS;
    assert_refused(&ca.root_issuer, &list, ERR_CA_CRL_TIMES);
}

static void test_entry_that_does_not_belong_is_refused(void **state) {
    (void)state;
    struct ca_crl_entry entry = {serial_of("01"), FIXTURE_NOW_MS, 1}; /* shard 1 of 4 */
    struct ca_crl list = plain_list();
    list.entries = &entry;
    list.entry_count = 1;
    list.shard = 1;
    crl_free(sign_list(&ca.issuer, ca.issuing_key, &list));
    list.shard = 2;
    assert_refused(&ca.issuer, &list, ERR_CA_CRL_ENTRY);
    list.shard = 1;
    static const int wrong[] = {2, 6, 7, 8, 10, -1};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        entry.reason = wrong[i];
        assert_refused(&ca.issuer, &list, ERR_CA_CRL_ENTRY);
    }
}

static void test_impossible_lists_are_refused(void **state) {
    (void)state;
    struct ca_crl list = plain_list();
    list.number = 0;
    assert_refused(&ca.issuer, &list, ERR_CA_CRL_ENTRY);
    list = plain_list();
    list.shard = ca.issuer.crl_shard_count;
    assert_refused(&ca.issuer, &list, ERR_CA_CRL_ENTRY);
    list = plain_list();
    list.entry_count = CA_CRL_ENTRIES_MAX + 1;
    assert_refused(&ca.issuer, &list, ERR_CA_CRL_ENTRY);
}

static void test_issuer_without_key_identifier_is_refused(void **state) {
    (void)state;
    struct cert without = *ca.issuing;
    struct ca_issuer issuer = ca.issuer;
    struct ca_crl list = plain_list();
    without.subject_key_id.len = 0;
    issuer.certificate = &without;
    assert_refused(&issuer, &list, ERR_CA_ISSUER_KEY);
}

static void test_same_list_gives_same_bytes(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_crl_entry entry = {serial_of("05"), FIXTURE_NOW_MS, 9};
    struct ca_crl list = plain_list();
    list.entries = &entry;
    list.entry_count = 1;
    list.shard = 1;
    PL_AUTO(buf_clear) struct buf first;
    PL_AUTO(buf_clear) struct buf second;
    buf_init(&first, CA_CRL_DER_MAX);
    buf_init(&second, CA_CRL_DER_MAX);
    assert_ok(ca_crl_tbs(&ca.issuer, &list, &first, &e), &e);
    assert_ok(ca_crl_tbs(&ca.issuer, &list, &second, &e), &e);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
}

static bool build(struct err *e) {
    struct ca_crl list = plain_list();
    PL_AUTO(buf_clear) struct buf tbs;
    buf_init(&tbs, CA_CRL_DER_MAX);
    return ca_crl_tbs(&ca.issuer, &list, &tbs, e);
}

static void test_running_out_of_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(build(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_says_who_is_revoked_when_and_why),
        cmocka_unit_test(test_empty_list_of_a_root),
        cmocka_unit_test(test_shard_covers_the_leaves_that_name_it),
        cmocka_unit_test(test_shards_need_an_address),
        cmocka_unit_test(test_list_lasts_no_longer_than_allowed),
        cmocka_unit_test(test_entry_that_does_not_belong_is_refused),
        cmocka_unit_test(test_impossible_lists_are_refused),
        cmocka_unit_test(test_issuer_without_key_identifier_is_refused),
        cmocka_unit_test(test_same_list_gives_same_bytes),
        cmocka_unit_test(test_running_out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, open_ca, close_ca);
}
