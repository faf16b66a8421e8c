/*
 * observe/client: how a handshake fails is told with its code, its field and an alert; whatever a
 * server sends, nothing is read out of bounds (each byte of a real server's flights changed, cut
 * and repeated).
 */
#include "inspect_fixture.h"

#include "inspect/trace/lab_server.h"

enum { AT_DAY = 86400000, ROOM = 256 * 1024 };

static uint32_t seed;

struct both {
    struct observe_wish wish;
    struct lab_server *server;
    struct trace *trace;
    struct observer *observer;
};

static struct observe_wish usual_wish(uint16_t version) {
    return (struct observe_wish){.server_name = "lab.example",
                                 .version_min = version,
                                 .version_max = version,
                                 .http_host = "lab.example",
                                 .random = {fixture_fill, &seed}};
}

static void begin(struct both *b, uint16_t version) {
    struct err e = {0};
    seed = 1;
    b->wish = usual_wish(version);
    assert_ok(trace_new("test", &b->trace, &e), &e);
    assert_ok(observer_new(&b->wish, b->trace, &b->observer, &e), &e);
}

static void end(struct both *b) {
    observer_free(b->observer);
    trace_free(b->trace);
    lab_server_free(b->server);
    *b = (struct both){0};
}

static void start_server(struct both *b, uint16_t version, bool is_rsa) {
    struct err e = {0};
    const struct lab_server_wish wish = {
        .is_rsa = is_rsa, .version = version, .at_ms = INT64_C(20000) * AT_DAY};
    assert_ok(lab_server_new(&wish, &b->server, &e), &e);
    assert_ok(lab_server_accept(b->server, &e), &e);
}

static struct buf *output(struct both *b) {
    return observer_output(b->observer);
}

/* The server's answer to all that the client has said. */
static void answer(struct both *b, struct buf *out) {
    struct err e = {0};
    buf_reset(out);
    assert_ok(lab_server_step(b->server, output(b), out, &e), &e);
    buf_reset(output(b));
}

static void assert_failed(const struct both *b, const char *code, const char *field) {
    assert_true(b->trace->failure.is_failed);
    assert_false(b->trace->facts.is_complete);
    assert_string_equal(b->trace->failure.code, code);
    assert_string_equal(b->trace->failure.field, field);
    assert_true(b->trace->failure.sentence[0] != '\0');
}

static enum observe_status feed(struct both *b, const char *hex) {
    uint8_t bytes[2048];
    size_t len = fixture_bytes(hex, bytes, sizeof(bytes));
    return observer_receive(b->observer, bytes, len, 1000);
}

static void assert_answer_fails(const char *hex, const char *code, const char *field) {
    struct both b = {0};
    begin(&b, WIRE_TLS13);
    assert_int_equal(observer_start(b.observer, 0), OBSERVE_GOES_ON);
    assert_int_equal(feed(&b, hex), OBSERVE_FAILED);
    assert_failed(&b, code, field);
    end(&b);
}

static void test_first_answers_that_fail(void **state) {
    (void)state;
    assert_answer_fails("485454502f312e3120343030", "observe.not_tls", "");
    assert_answer_fails("535348", "observe.not_tls", "");
    assert_answer_fails("1503030002 0228", "observe.alert", "cipher_suites");
    assert_answer_fails("1503030002 0270", "observe.alert", "server_name");
    assert_answer_fails("1503030002 0246", "observe.alert", "supported_versions");
    assert_answer_fails("1503030001 02", "observe.malformed", "alert");
    assert_answer_fails("1603037fff", "observe.malformed", "length");
    assert_answer_fails("1603030004 02ffffff", "observe.malformed", "length");
    assert_answer_fails("1603030005 02000001 03", "observe.malformed", "malformed");
    assert_answer_fails("1603030004 0e000000", "observe.unexpected", "msg_type");
    assert_answer_fails("1703030001 00", "observe.unexpected", "type");
    /* A ServerHello of TLS 1.2, one with a suite that was not offered, a second retry. */
    assert_answer_fails("160303002a 02000026 0303"
                        "00000000000000000000000000000000"
                        "00000000000000000000000000000000"
                        "00 1301 00",
                        "observe.malformed", "legacy_version");
    assert_answer_fails("1603030032 0200002e 0303"
                        "00000000000000000000000000000000"
                        "00000000000000000000000000000000"
                        "00 c02f 00 0006 002b0002 0304",
                        "observe.malformed", "cipher_suite");
    assert_answer_fails("1603030032 0200002e 0303"
                        "cf21ad74e59a6111be1d8c021e65b891"
                        "c2a211167abb8c5e079e09e2c8a8339c"
                        "00 1301 00 0006 002b0002 0304",
                        "observe.malformed", "extensions");
}

static void test_silence(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct both b = {0};
        begin(&b, WIRE_TLS13);
        assert_int_equal(observer_start(b.observer, 0), OBSERVE_GOES_ON);
        assert_int_equal(observer_end(b.observer, i == 0, 5), OBSERVE_FAILED);
        assert_failed(&b, i == 0 ? "observe.timeout" : "observe.closed", "");
        end(&b);
    }
}

static bool fill_nothing(void *ctx, uint8_t *out, size_t len) {
    (void)ctx;
    memset(out, 0, len);
    return false;
}

static void test_without_random_bytes(void **state) {
    (void)state;
    struct both b = {0};
    begin(&b, WIRE_TLS13);
    b.wish.random.fill = fill_nothing;
    assert_int_equal(observer_start(b.observer, 0), OBSERVE_FAILED);
    assert_failed(&b, "base.random", "");
    end(&b);
}

/* The last byte of the ServerKeyExchange's record is one of its signature. */
static void test_a_wrong_signature(void **state) {
    (void)state;
    struct both b = {0};
    struct buf flight = {.max = ROOM};
    begin(&b, WIRE_TLS12);
    start_server(&b, TLS1_2_VERSION, false);
    (void)!observer_start(b.observer, 0);
    answer(&b, &flight);
    /* ServerHelloDone is the last record: 5 + 4 bytes. */
    flight.data[flight.len - 10] ^= 1;
    assert_int_equal(observer_receive(b.observer, flight.data, flight.len, 1), OBSERVE_FAILED);
    assert_failed(&b, "observe.signature", "signature");
    assert_true(output(&b)->len > 0); /* the alert */
    buf_clear(&flight);
    end(&b);
}

/* A byte of the server's Certificate that nobody looks at: the server rejects our Finished. */
static void test_a_changed_message_comes_to_light(void **state) {
    (void)state;
    struct both b = {0};
    struct buf flight = {.max = ROOM};
    begin(&b, WIRE_TLS12);
    b.wish.has_no_extended_master_secret = true;
    start_server(&b, TLS1_2_VERSION, true);
    (void)!observer_start(b.observer, 0);
    answer(&b, &flight);
    /* The ServerHello's renegotiation_info becomes something unknown. */
    uint8_t *at = flight.data;
    while (at + 1 < flight.data + 200 && !(at[0] == 0xFF && at[1] == 0x01)) {
        at++;
    }
    at[0] = 0x42;
    assert_int_equal(observer_receive(b.observer, flight.data, flight.len, 1), OBSERVE_GOES_ON);
    answer(&b, &flight);
    assert_int_equal(observer_receive(b.observer, flight.data, flight.len, 2), OBSERVE_FAILED);
    assert_failed(&b, "observe.alert", "verify_data");
    buf_clear(&flight);
    end(&b);
}

/* Runs until neither says anything; changes the ServerHello's renegotiation_info when asked to. */
static void converse(struct both *b, bool is_changed) {
    struct buf flight = {.max = ROOM};
    enum observe_status status = observer_start(b->observer, 0);
    for (unsigned turn = 0; turn < 8 && status == OBSERVE_GOES_ON; turn++) {
        answer(b, &flight);
        for (size_t i = 0; is_changed && turn == 0 && i + 1 < flight.len && i < 200; i++) {
            if (flight.data[i] == 0xFF && flight.data[i + 1] == 0x01) {
                flight.data[i] = 0x42;
            }
        }
        if (flight.len == 0) {
            break;
        }
        status = observer_receive(b->observer, flight.data, flight.len, 1);
    }
    buf_clear(&flight);
}

/* -1: it was not made. */
static int outcome_of(const struct both *b, const char *name) {
    for (size_t i = 0; i < b->trace->check_count; i++) {
        if (strcmp(b->trace->checks[i].name, name) == 0) {
            return (int)b->trace->checks[i].outcome;
        }
    }
    return -1;
}

/* RFC 5746: said by libssl; left out by whoever knows nothing of it; not asked for in TLS 1.3. */
static void test_secure_renegotiation(void **state) {
    (void)state;
    static const int expected[] = {TRACE_PASSED, TRACE_UNKNOWN, -1};
    for (unsigned i = 0; i < 3; i++) {
        struct both b = {0};
        begin(&b, i == 2 ? WIRE_TLS13 : WIRE_TLS12);
        b.wish.has_no_extended_master_secret = true;
        start_server(&b, i == 2 ? TLS1_3_VERSION : TLS1_2_VERSION, false);
        converse(&b, i == 1);
        assert_int_equal(outcome_of(&b, "secure renegotiation"), expected[i]);
        end(&b);
    }
}

/* Our hello for another handshake: libssl refuses it; TLS 1.3 has no such thing, and none is sent.
 */
static void test_renegotiation_that_is_refused(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct both b = {0};
        begin(&b, i == 2 ? WIRE_TLS13 : WIRE_TLS12);
        b.wish.wants_renegotiation = true;
        b.wish.has_no_renegotiation_info = i == 1;
        start_server(&b, i == 2 ? TLS1_3_VERSION : TLS1_2_VERSION, false);
        converse(&b, false);
        assert_true(b.trace->facts.is_complete);
        assert_int_equal(b.trace->facts.renegotiation,
                         i == 2 ? TRACE_RENEGOTIATION_UNTRIED : TRACE_RENEGOTIATION_REFUSED);
        assert_int_equal(outcome_of(&b, "renegotiation"), i == 2 ? -1 : TRACE_PASSED);
        end(&b);
    }
}

/* In a resumed session the server finishes first: here we find the change. */
static void test_a_wrong_finished(void **state) {
    (void)state;
    struct err e = {0};
    struct both b = {0};
    begin(&b, WIRE_TLS12);
    start_server(&b, TLS1_2_VERSION, false);
    converse(&b, false);
    assert_true(b.trace->facts.is_complete);
    const struct observe_session session = *observer_session(b.observer);
    assert_int_equal(session.version, WIRE_TLS12);
    for (unsigned i = 0; i < 2; i++) {
        observer_free(b.observer);
        trace_free(b.trace);
        assert_ok(lab_server_accept(b.server, &e), &e);
        begin(&b, WIRE_TLS12);
        b.wish.resume = &session;
        converse(&b, i == 1);
        assert_true(b.trace->facts.is_resumed);
        if (i == 0) {
            assert_true(b.trace->facts.is_complete);
        } else {
            assert_failed(&b, "observe.finished", "verify_data");
        }
    }
    end(&b);
}

/* A key that cannot sign, and a Certificate without a certificate. */
static void test_unusable_certificates(void **state) {
    (void)state;
    struct err e = {0};
    struct both b = {0};
    const struct lab_server_wish wish = {.version = TLS1_3_VERSION,
                                         .wants_client_certificate = true,
                                         .at_ms = INT64_C(20000) * AT_DAY};
    X509 *cert = NULL;
    EVP_PKEY *key = NULL;
    begin(&b, WIRE_TLS13);
    assert_ok(lab_server_new(&wish, &b.server, &e), &e);
    assert_ok(lab_server_accept(b.server, &e), &e);
    assert_ok(lab_server_make_client(b.server, &cert, &key, &e), &e);
    EVP_PKEY_free(key);
    key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    b.wish.certs = &cert;
    b.wish.cert_count = 1;
    b.wish.key = key;
    converse(&b, false);
    assert_failed(&b, "observe.client_key", "signature_algorithms");
    X509_free(cert);
    EVP_PKEY_free(key);
    end(&b);

    struct buf flight = {.max = ROOM};
    begin(&b, WIRE_TLS12);
    start_server(&b, TLS1_2_VERSION, false);
    (void)!observer_start(b.observer, 0);
    answer(&b, &flight);
    size_t hello = 5 + ((size_t)flight.data[3] << 8 | flight.data[4]);
    assert_int_equal(observer_receive(b.observer, flight.data, hello, 1), OBSERVE_GOES_ON);
    assert_int_equal(feed(&b, "1603030007 0b000003 000000"), OBSERVE_FAILED);
    assert_failed(&b, "observe.certificate", "certificate_list");
    buf_clear(&flight);
    end(&b);
}

/* What a server sends in one flight, to a client whose random bytes are always the same. */
static void run_changed(uint16_t version, int library_version, size_t step) {
    struct both b = {0};
    struct buf flight = {.max = ROOM};
    begin(&b, version);
    start_server(&b, (uint16_t)library_version, false);
    (void)!observer_start(b.observer, 0);
    answer(&b, &flight);
    for (size_t i = 0; i < flight.len; i += step) {
        struct both again = {0};
        begin(&again, version);
        (void)!observer_start(again.observer, 0);
        flight.data[i] ^= (uint8_t)(1U << (i % 8));
        (void)!observer_receive(again.observer, flight.data, flight.len, 1);
        (void)!observer_end(again.observer, false, 2);
        assert_false(again.trace->facts.is_complete);
        flight.data[i] ^= (uint8_t)(1U << (i % 8));
        end(&again);
    }
    buf_clear(&flight);
    end(&b);
}

static void test_changed_flights(void **state) {
    (void)state;
    run_changed(WIRE_TLS13, TLS1_3_VERSION, 3);
    run_changed(WIRE_TLS12, TLS1_2_VERSION, 3);
}

/* The server's bytes one by one give the same as all at once. */
static void test_bytes_one_by_one(void **state) {
    (void)state;
    struct both b = {0};
    struct buf flight = {.max = ROOM};
    begin(&b, WIRE_TLS13);
    start_server(&b, TLS1_3_VERSION, false);
    (void)!observer_start(b.observer, 0);
    answer(&b, &flight);
    for (size_t i = 0; i < flight.len; i++) {
        assert_int_equal(observer_receive(b.observer, flight.data + i, 1, 1), OBSERVE_GOES_ON);
    }
    assert_true(observer_is_connected(b.observer));
    buf_clear(&flight);
    end(&b);
}

static bool survives(struct err *e) {
    struct trace *trace = NULL;
    struct observer *observer = NULL;
    struct observe_wish wish = usual_wish(WIRE_TLS13);
    bool ok = trace_new("test", &trace, e) && observer_new(&wish, trace, &observer, e);
    observer_free(observer);
    trace_free(trace);
    return ok;
}

static void test_out_of_memory(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(survives(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_answers_that_fail),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_without_random_bytes),
        cmocka_unit_test(test_a_wrong_signature),
        cmocka_unit_test(test_a_changed_message_comes_to_light),
        cmocka_unit_test(test_secure_renegotiation),
        cmocka_unit_test(test_renegotiation_that_is_refused),
        cmocka_unit_test(test_a_wrong_finished),
        cmocka_unit_test(test_unusable_certificates),
        cmocka_unit_test(test_changed_flights),
        cmocka_unit_test(test_bytes_one_by_one),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
