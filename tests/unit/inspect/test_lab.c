/* trace/lab: each experiment comes to its end, every check passes, and the document says so. */
#include "inspect_fixture.h"

#include "inspect/trace/lab.h"

enum { AT_MS_DAY = 86400000 };
static const int64_t at_ms = INT64_C(20000) * AT_MS_DAY;

static json_t *run(enum lab_mode mode) {
    struct err e = {0};
    json_t *document = NULL;
    uint32_t seed = 1;
    const struct observe_random random = {fixture_fill, &seed};
    assert_ok(lab_run(mode, &random, at_ms, &document, &e), &e);
    return document;
}

static const json_t *handshake_of(const json_t *document, size_t index) {
    return json_array_get(json_object_get(document, "handshakes"), index);
}

static const json_t *find(const json_t *handshake, const char *list, const char *name) {
    size_t index = 0;
    json_t *thing = NULL;
    json_array_foreach(json_object_get(handshake, list), index, thing) {
        if (strcmp(json_string_value(json_object_get(thing, "name")), name) == 0) {
            return thing;
        }
    }
    return NULL;
}

static const char *text_of(const json_t *thing, const char *name) {
    const char *text = json_string_value(json_object_get(thing, name));
    return text == NULL ? "" : text;
}

static void assert_all_passed(const json_t *handshake) {
    size_t index = 0;
    json_t *check = NULL;
    assert_true(json_is_true(json_object_get(handshake, "is_complete")));
    assert_null(json_object_get(handshake, "failure"));
    assert_non_null(find(handshake, "checks", "server Finished"));
    assert_non_null(find(handshake, "checks", "client Finished"));
    json_array_foreach(json_object_get(handshake, "checks"), index, check) {
        assert_string_equal(text_of(check, "outcome"), "pass");
    }
}

static const char *agreed(const json_t *handshake, const char *what) {
    return text_of(json_object_get(json_object_get(handshake, "agreed"), what), "name");
}

static void test_rsa_shows_what_the_server_decrypts(void **state) {
    (void)state;
    json_t *document = run(LAB_RSA);
    const json_t *handshake = handshake_of(document, 0);
    assert_all_passed(handshake);
    assert_string_equal(agreed(handshake, "suite"), "TLS_RSA_WITH_AES_128_CBC_SHA256");
    const json_t *block = find(handshake, "secrets", "decrypted_block");
    const json_t *ours = find(handshake, "secrets", "pre_master_secret");
    assert_true(json_is_true(json_object_get(block, "is_server_only")));
    const char *whole = text_of(block, "output");
    assert_int_equal(strncmp(whole, "0002", 4), 0);
    assert_string_equal(whole + strlen(whole) - 96, text_of(ours, "output"));
    assert_null(find(handshake, "messages", "ServerKeyExchange"));
    json_decref(document);
}

static void test_ecdhe(void **state) {
    (void)state;
    json_t *document = run(LAB_ECDHE);
    const json_t *handshake = handshake_of(document, 0);
    assert_all_passed(handshake);
    assert_string_equal(agreed(handshake, "version"), "TLS 1.2");
    assert_string_equal(agreed(handshake, "group"), "x25519");
    assert_non_null(find(handshake, "messages", "ServerKeyExchange"));
    assert_non_null(find(handshake, "checks", "server signature"));
    assert_non_null(find(handshake, "checks", "the server's master secret"));
    json_decref(document);
}

static void test_tls13_with_new_keys(void **state) {
    (void)state;
    json_t *document = run(LAB_TLS13);
    const json_t *handshake = handshake_of(document, 0);
    assert_all_passed(handshake);
    assert_non_null(find(handshake, "messages", "KeyUpdate"));
    assert_non_null(find(handshake, "secrets", "server_application_traffic_secret (next)"));
    json_decref(document);
}

static void test_hybrid(void **state) {
    (void)state;
    struct err e = {0};
    json_t *document = NULL;
    uint32_t seed = 1;
    const struct observe_random random = {fixture_fill, &seed};
    if (!exchange_can(0x11EC)) { /* before OpenSSL 3.5: told */
        assert_fails(lab_run(LAB_MLKEM, &random, at_ms, &document, &e), &e, ERR_INSPECT_LAB);
        return;
    }
    document = run(LAB_MLKEM);
    const json_t *handshake = handshake_of(document, 0);
    assert_all_passed(handshake);
    assert_string_equal(agreed(handshake, "group"), "X25519MLKEM768");
    assert_int_equal(strlen(text_of(find(handshake, "secrets", "shared_secret"), "output")), 128);
    assert_non_null(find(handshake, "secrets", "kem_secret"));
    json_decref(document);
}

static void test_resumption(void **state) {
    (void)state;
    json_t *document = run(LAB_RESUME);
    const json_t *first = handshake_of(document, 0);
    const json_t *second = handshake_of(document, 1);
    assert_all_passed(first);
    assert_all_passed(second);
    assert_true(json_is_true(json_object_get(json_object_get(second, "agreed"), "is_resumed")));
    assert_null(find(second, "messages", "Certificate"));
    assert_non_null(find(second, "secrets", "binder"));
    json_decref(document);
}

static void test_retry(void **state) {
    (void)state;
    json_t *document = run(LAB_HRR);
    const json_t *handshake = handshake_of(document, 0);
    assert_all_passed(handshake);
    assert_non_null(find(handshake, "messages", "HelloRetryRequest"));
    assert_string_equal(agreed(handshake, "group"), "secp256r1");
    json_decref(document);
}

static void test_client_certificate(void **state) {
    (void)state;
    json_t *document = run(LAB_MTLS);
    const json_t *handshake = handshake_of(document, 0);
    assert_all_passed(handshake);
    assert_non_null(find(handshake, "messages", "CertificateRequest"));
    assert_true(
        json_is_true(json_object_get(json_object_get(handshake, "agreed"), "sent_certificate")));
    json_decref(document);
}

/* The request goes ahead under the ticket's keys; the answer comes with the server's flight. */
static void test_early_data(void **state) {
    (void)state;
    json_t *document = run(LAB_EARLY);
    const json_t *first = handshake_of(document, 0);
    const json_t *second = handshake_of(document, 1);
    assert_all_passed(first);
    assert_all_passed(second);
    const json_t *facts = json_object_get(second, "agreed");
    assert_true(json_is_true(json_object_get(facts, "is_resumed")));
    assert_true(json_is_true(json_object_get(facts, "has_early_data")));
    assert_null(json_object_get(json_object_get(first, "agreed"), "has_early_data"));
    const json_t *request = find(second, "messages", "Application data");
    assert_string_equal(text_of(request, "keys"), "early");
    assert_string_equal(text_of(request, "from"), "client");
    assert_int_equal(json_integer_value(json_object_get(request, "step")), 1);
    assert_non_null(strstr(text_of(request, "attacker"), "again"));
    const json_t *end = find(second, "messages", "EndOfEarlyData");
    assert_string_equal(text_of(end, "keys"), "early");
    assert_non_null(find(second, "secrets", "client_early_traffic_secret"));
    assert_non_null(find(second, "checks", "the server's client_early_traffic_secret"));
    assert_null(find(first, "messages", "EndOfEarlyData"));
    json_decref(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rsa_shows_what_the_server_decrypts),
        cmocka_unit_test(test_ecdhe),
        cmocka_unit_test(test_tls13_with_new_keys),
        cmocka_unit_test(test_hybrid),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_early_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
