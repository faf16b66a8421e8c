/* pki/ocsp: responses made on the spot, right and wrong. */
#include "make_cert.h"
#include "unit.h"

#include "pki/ocsp.h"
#include "pki/verify.h"

#include <openssl/ocsp.h>

struct world {
    struct made issuer;
    struct made other;
    struct made leaf;
    struct made responder;    /* named by the issuer for OCSP */
    struct made no_responder; /* issued by it, for something else */
};

static int set_up(void **state) {
    static struct world w;
    w.issuer = make_cert((struct make_cert){.name = "Issuer", .is_ca = true});
    w.other = make_cert((struct make_cert){.name = "Issuer", .is_ca = true});
    w.leaf = make_cert((struct make_cert){.issuer = &w.issuer, .sans = "DNS:www.example.com"});
    w.responder = make_cert((struct make_cert){
        .name = "Responder", .issuer = &w.issuer, .extended_key_usage = "OCSPSigning"});
    w.no_responder = make_cert((struct make_cert){.name = "Nobody", .issuer = &w.issuer});
    *state = &w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    made_clear(&w->issuer);
    made_clear(&w->other);
    made_clear(&w->leaf);
    made_clear(&w->responder);
    made_clear(&w->no_responder);
    return 0;
}

struct wish {
    const struct made *signer;
    const struct made *about; /* default: the leaf */
    const EVP_MD *digest;     /* of the certificate's id; default SHA-1 */
    int status;
    int64_t this_ms; /* from MAKE_CERT_NOW_MS */
    int64_t next_ms;
    bool has_no_next;
    const char *timestamps; /* what the extension holds, as it is there */
    int timestamps_len;
};

static ASN1_TIME *time_at(int64_t after_ms) {
    return ASN1_TIME_set(NULL, (time_t)((MAKE_CERT_NOW_MS + after_ms) / 1000));
}

static size_t respond(struct world *w, struct wish wish, uint8_t **out_der) {
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    const struct made *about = wish.about == NULL ? &w->leaf : wish.about;
    OCSP_CERTID *id = OCSP_cert_to_id(wish.digest == NULL ? EVP_sha1() : wish.digest, about->x509,
                                      w->issuer.x509);
    ASN1_TIME *begins = time_at(wish.this_ms);
    ASN1_TIME *ends = time_at(wish.next_ms);
    ASN1_TIME *revoked = time_at(-1000);
    assert_non_null(OCSP_basic_add1_status(
        basic, id, wish.status, 0, wish.status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL,
        begins, wish.has_no_next ? NULL : ends));
    if (wish.timestamps != NULL) {
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        assert_true(ASN1_OCTET_STRING_set(value, (const uint8_t *)wish.timestamps,
                                          wish.timestamps_len) == 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_cert_scts, 0, value);
        assert_int_equal(OCSP_SINGLERESP_add_ext(OCSP_resp_get0(basic, 0), extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
    }
    assert_int_equal(
        OCSP_basic_sign(basic, wish.signer->x509, wish.signer->key, EVP_sha256(), NULL, 0), 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    *out_der = NULL;
    int len = i2d_OCSP_RESPONSE(response, out_der);
    assert_true(len > 0);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(begins);
    ASN1_TIME_free(ends);
    ASN1_TIME_free(revoked);
    return (size_t)len;
}

static bool read(struct world *w, struct wish wish, struct ocsp_answer *answer, struct err *e) {
    uint8_t *der = NULL;
    size_t len = respond(w, wish, &der);
    bool ok = ocsp_read(der, len, w->leaf.cert, w->issuer.cert, MAKE_CERT_NOW_MS, answer, e);
    OPENSSL_free(der);
    return ok;
}

enum { DAY = 24 * 60 * 60 * 1000 };

static void test_good_responses(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct ocsp_answer answer = {0};
    struct wish wish = {.signer = &w->issuer, .this_ms = -DAY, .next_ms = DAY};
    assert_ok(read(w, wish, &answer, &e), &e);
    assert_int_equal(answer.this_update_ms, MAKE_CERT_NOW_MS - DAY);
    assert_int_equal(answer.next_update_ms, MAKE_CERT_NOW_MS + DAY);
    wish.signer = &w->responder;
    wish.digest = EVP_sha256();
    assert_ok(read(w, wish, &answer, &e), &e);
    wish.this_ms = OCSP_CLOCK_SKEW_MS;
    wish.next_ms = OCSP_CLOCK_SKEW_MS + 1000;
    assert_ok(read(w, wish, &answer, &e), &e);
}

static void test_wrong_responses(void **state) {
    struct world *w = *state;
    const struct {
        struct wish wish;
        enum err_code code;
    } cases[] = {
        {{.signer = &w->other, .next_ms = DAY}, ERR_PKI_OCSP_SIGNATURE},
        {{.signer = &w->no_responder, .next_ms = DAY}, ERR_PKI_OCSP_SIGNATURE},
        {{.signer = &w->leaf, .next_ms = DAY}, ERR_PKI_OCSP_SIGNATURE},
        {{.signer = &w->issuer, .about = &w->responder, .next_ms = DAY}, ERR_PKI_OCSP_OTHER},
        {{.signer = &w->issuer, .status = V_OCSP_CERTSTATUS_REVOKED, .next_ms = DAY},
         ERR_PKI_OCSP_REVOKED},
        {{.signer = &w->issuer, .status = V_OCSP_CERTSTATUS_UNKNOWN, .next_ms = DAY},
         ERR_PKI_OCSP_REVOKED},
        {{.signer = &w->issuer, .has_no_next = true}, ERR_PKI_OCSP_TIME},
        {{.signer = &w->issuer, .this_ms = -DAY, .next_ms = 0}, ERR_PKI_OCSP_TIME},
        {{.signer = &w->issuer, .this_ms = OCSP_CLOCK_SKEW_MS + 1000, .next_ms = DAY},
         ERR_PKI_OCSP_TIME},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct ocsp_answer answer = {0};
        assert_fails(read(w, cases[i].wish, &answer, &e), &e, cases[i].code);
        assert_int_equal(answer.next_update_ms, 0);
    }
}

static bool read_state(struct world *w, struct wish wish, struct ocsp_state *state, struct err *e) {
    uint8_t *der = NULL;
    size_t len = respond(w, wish, &der);
    bool ok = ocsp_state_read(der, len, w->leaf.cert, w->issuer.cert, state, e);
    OPENSSL_free(der);
    return ok;
}

static void test_states(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct ocsp_state answer = {0};
    struct wish wish = {.signer = &w->issuer, .this_ms = -9 * DAY, .next_ms = -8 * DAY};
    assert_ok(read_state(w, wish, &answer, &e), &e); /* old ones, too */
    assert_int_equal(answer.status, OCSP_GOOD);
    assert_int_equal(answer.next_update_ms, MAKE_CERT_NOW_MS - 8 * DAY);
    wish.status = V_OCSP_CERTSTATUS_REVOKED;
    wish.has_no_next = true;
    assert_ok(read_state(w, wish, &answer, &e), &e);
    assert_int_equal(answer.status, OCSP_REVOKED);
    assert_int_equal(answer.revoked_ms, MAKE_CERT_NOW_MS - 1000);
    assert_int_equal(answer.next_update_ms, 0);
    wish.status = V_OCSP_CERTSTATUS_UNKNOWN;
    assert_ok(read_state(w, wish, &answer, &e), &e);
    assert_int_equal(answer.status, OCSP_UNKNOWN);
    wish.signer = &w->other;
    assert_fails(read_state(w, wish, &answer, &e), &e, ERR_PKI_OCSP_SIGNATURE);
    wish = (struct wish){.signer = &w->issuer, .about = &w->responder};
    assert_fails(read_state(w, wish, &answer, &e), &e, ERR_PKI_OCSP_OTHER);
}

static void test_request(void **state) {
    struct world *w = *state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf der = {.max = 4096};
    assert_ok(ocsp_append_request(w->leaf.cert, w->issuer.cert, &der, &e), &e);
    const uint8_t *at = der.data;
    OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &at, (long)der.len);
    assert_non_null(request);
    assert_int_equal(OCSP_request_onereq_count(request), 1);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), w->leaf.x509, w->issuer.x509);
    assert_int_equal(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), id), 0);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
}

/* A verification takes it from whoever may say so, stapled or fetched. */
static void test_in_a_verification(void **state) {
    struct world *w = *state;
    static const struct {
        int status;
        int64_t next_ms;
        enum verify_outcome outcome;
        const char *sentence;
    } cases[] = {
        {V_OCSP_CERTSTATUS_GOOD, DAY, VERIFY_PASS,
         "good, says the stapled OCSP response of 2026-11-22"},
        {V_OCSP_CERTSTATUS_GOOD, -1000, VERIFY_UNKNOWN,
         "the stapled OCSP response says good, but is not of this day (until 2026-11-22)"},
        {V_OCSP_CERTSTATUS_REVOKED, -1000, VERIFY_FAIL,
         "revoked 1 second ago, on 2026-11-22: unspecified"},
        {V_OCSP_CERTSTATUS_UNKNOWN, DAY, VERIFY_UNKNOWN,
         "not checked: the OCSP response is not its issuer's, or not about it"},
    };
    struct cert_list anchors = {.items = &w->issuer.cert, .count = 1};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        uint8_t *der = NULL;
        PL_AUTO(verdict_clear) struct verdict verdict = {0};
        size_t len = respond(w,
                             (struct wish){.signer = &w->issuer,
                                           .status = cases[i].status,
                                           .this_ms = -DAY,
                                           .next_ms = cases[i].next_ms},
                             &der);
        struct verify_input input = {.leaf = w->leaf.cert,
                                     .anchors = &anchors,
                                     .at_ms = MAKE_CERT_NOW_MS,
                                     .ocsp = {{.der = der, .len = len, .is_stapled = true}}};
        assert_ok(verify_certificate(&input, &verdict, &e), &e);
        assert_string_equal(verdict.checks[VERIFY_REVOCATION].sentence, cases[i].sentence);
        assert_int_equal(verdict.checks[VERIFY_REVOCATION].outcome, cases[i].outcome);
        OPENSSL_free(der);
    }
}

static void test_what_is_no_response(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct ocsp_answer answer = {0};
    static const uint8_t try_later[] = {0x30, 0x03, 0x0A, 0x01, 0x03};
    static uint8_t large[OCSP_DER_MAX + 1];
    const struct cert *leaf = w->leaf.cert;
    const struct cert *issuer = w->issuer.cert;
    assert_fails(ocsp_read(try_later, 5, leaf, issuer, 0, &answer, &e), &e, ERR_PKI_OCSP_FAILURE);
    assert_fails(ocsp_read(try_later, 4, leaf, issuer, 0, &answer, &e), &e, ERR_PKI_OCSP_MALFORMED);
    assert_fails(ocsp_read(large, sizeof(large), leaf, issuer, 0, &answer, &e), &e, ERR_BASE_LIMIT);
    assert_fails(ocsp_read(large, 0, leaf, issuer, 0, &answer, &e), &e, ERR_BASE_LIMIT);
}

/* Any byte changed: refused, but for the certificates that come along unsigned. */
static void test_every_changed_byte_of_what_is_signed_is_seen(void **state) {
    struct world *w = *state;
    uint8_t *der = NULL;
    size_t len = respond(w, (struct wish){.signer = &w->issuer, .next_ms = DAY}, &der);
    size_t accepted = 0;
    for (size_t i = 0; i < len; i++) {
        struct err e = {0};
        struct ocsp_answer answer = {0};
        der[i] ^= 0x55;
        accepted += ocsp_read(der, len, w->leaf.cert, w->issuer.cert, MAKE_CERT_NOW_MS, &answer, &e)
                        ? 1
                        : 0;
        der[i] ^= 0x55;
    }
    OPENSSL_free(der);
    assert_true(accepted <= w->issuer.cert->der_len);
}

static bool read_timestamps(struct world *w, struct wish wish, struct buf *out, struct err *e) {
    uint8_t *der = NULL;
    size_t len = respond(w, wish, &der);
    bool ok = ocsp_append_timestamps(der, len, w->leaf.cert, w->issuer.cert, out, e);
    OPENSSL_free(der);
    return ok;
}

static void test_timestamps_of_logs(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct buf out = {.max = 64};
    struct wish wish = {.signer = &w->issuer, .next_ms = DAY};
    assert_ok(read_timestamps(w, wish, &out, &e), &e);
    assert_int_equal(out.len, 0);
    wish.timestamps = "\4\3\0\1x";
    wish.timestamps_len = 5;
    assert_ok(read_timestamps(w, wish, &out, &e), &e);
    assert_int_equal(out.len, 3);
    assert_memory_equal(out.data, "\0\1x", 3);
    wish.timestamps_len = 4;
    assert_fails(read_timestamps(w, wish, &out, &e), &e, ERR_PKI_OCSP_MALFORMED);
    wish.timestamps_len = 5;
    wish.signer = &w->other;
    assert_fails(read_timestamps(w, wish, &out, &e), &e, ERR_PKI_OCSP_SIGNATURE);
    wish.signer = &w->issuer;
    wish.about = &w->responder;
    assert_fails(read_timestamps(w, wish, &out, &e), &e, ERR_PKI_OCSP_OTHER);
    assert_int_equal(out.len, 3);
    buf_clear(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_responses),
        cmocka_unit_test(test_wrong_responses),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_timestamps_of_logs),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_in_a_verification),
        cmocka_unit_test(test_what_is_no_response),
        cmocka_unit_test(test_every_changed_byte_of_what_is_signed_is_seen),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
