/* tls/connection: whole handshakes with OpenSSL's client, in memory, through bytes in and bytes
 * out. */
#include "tls_fixture.h"

#include "tls/connection.h"
#include "tls/reason.h"
#include "snapshot_fixture.h"

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { KEY_RSA_INDEX, KEY_P256_INDEX, KEY_P384_INDEX, KEY_ED_INDEX, KEY_COUNT };

struct world {
    struct fixture_signer signer;
    struct tls_engine *engine;
    struct snapshot *snapshot;
    uint32_t open; /* listeners */
    uint32_t strict;
};

static uint32_t add_certificate(struct snapshot_builder *b, const struct fixture_key *key,
                                size_t der_len) {
    struct err e = {0};
    uint32_t index = 0;
    struct snapshot_certificate_wish wish = {
        .leaf = key->der, .leaf_len = der_len, .family = key->spec.family, .key = key->handle};
    assert_ok(snapshot_builder_add_certificate(b, &wish, &index, &e), &e);
    return index;
}

static void add_binding(struct snapshot_builder *b, uint32_t listener, const char *host,
                        uint32_t site, const char *policy, const uint32_t *certificates,
                        size_t count) {
    struct err e = {0};
    struct snapshot_binding_wish wish = {.listener = listener,
                                         .host = host,
                                         .site = site,
                                         .policy = tls_policy_find(policy),
                                         .certificates = certificates,
                                         .certificate_count = count};
    assert_ok(snapshot_builder_add_binding(b, &wish, &e), &e);
}

static uint32_t add_site(struct snapshot_builder *b, const char *name, uint8_t number) {
    struct err e = {0};
    uint32_t site = 0;
    struct snapshot_site_wish wish = {.name = name};
    wish.id.bytes[15] = number;
    assert_ok(snapshot_builder_add_site(b, &wish, &site, &e), &e);
    return site;
}

static struct snapshot *build(struct world *w) {
    struct err e = {0};
    struct snapshot_builder *b = NULL;
    assert_ok(snapshot_builder_new(1, &b, &e), &e);
    assert_ok(
        snapshot_builder_add_listener(b, SNAPSHOT_HTTPS, "127.0.0.1", 443, false, &w->open, &e),
        &e);
    assert_ok(snapshot_builder_add_listener(b, SNAPSHOT_HTTPS, "::1", 443, true, &w->strict, &e),
              &e);
    uint32_t one = add_site(b, "one", 1);
    uint32_t two = add_site(b, "two", 2);
    uint32_t c[KEY_COUNT];
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        c[i] = add_certificate(b, w->signer.keys[i], w->signer.keys[i]->der_len);
    }
    uint32_t cut = add_certificate(b, w->signer.keys[KEY_P256_INDEX],
                                   w->signer.keys[KEY_P256_INDEX]->der_len - 1);
    struct fixture_key other = *w->signer.keys[KEY_P256_INDEX];
    other.handle.spki_sha256[0] ^= 1;
    uint32_t foreign = add_certificate(b, &other, other.der_len);
    add_binding(b, w->open, NULL, one, "intermediate", &c[KEY_P256_INDEX], 1);
    add_binding(b, w->open, "again.example", one, "intermediate", &c[KEY_P256_INDEX], 1);
    add_binding(b, w->open, "two.example", two, "intermediate", &c[KEY_P256_INDEX], 1);
    add_binding(b, w->open, "modern.example", one, "modern", &c[KEY_P256_INDEX], 1);
    add_binding(b, w->open, "rsa.example", one, "intermediate", &c[KEY_RSA_INDEX], 1);
    add_binding(b, w->open, "ed.example", one, "intermediate", &c[KEY_ED_INDEX], 1);
    add_binding(b, w->open, "both.example", one, "intermediate",
                (uint32_t[]){c[KEY_RSA_INDEX], c[KEY_P256_INDEX]}, 2);
    add_binding(b, w->open, "both384.example", one, "intermediate",
                (uint32_t[]){c[KEY_RSA_INDEX], c[KEY_P384_INDEX]}, 2);
    add_binding(b, w->open, "cut.example", one, "intermediate", &cut, 1);
    add_binding(b, w->open, "half.example", one, "intermediate",
                (uint32_t[]){cut, c[KEY_RSA_INDEX]}, 2);
    add_binding(b, w->open, "foreign.example", one, "intermediate", &foreign, 1);
    add_binding(b, w->open, "empty.example", one, "intermediate", NULL, 0);
    add_binding(b, w->strict, "known.example", one, "intermediate", &c[KEY_P256_INDEX], 1);
    return fixture_finish(b);
}

static int set_up(void **state) {
    static const char *const specs[KEY_COUNT] = {"rsa:2048", "ec:p256", "ec:p384", "ed25519"};
    struct err e = {0};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        w->signer.keys[i] = fixture_key_new(specs[i], "localhost", i);
    }
    struct tls_engine_config config = {.signer = {.sign = fixture_sign, .ctx = &w->signer}};
    assert_ok(tls_engine_new(&config, &w->engine, &e), &e);
    w->snapshot = build(w);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    snapshot_free(w->snapshot);
    tls_engine_free(w->engine);
    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        fixture_key_free(w->signer.keys[i]);
    }
    free(w);
    return 0;
}

/* --- one connection between a client and a server
 * ----------------------------------------------------- */

struct pair {
    struct tls_connection *server;
    SSL *client;
    BIO *to_client;
    BIO *from_client;
    struct buf out;
    enum tls_status status; /* of the server's last step */
    struct err e;
    size_t step; /* bytes given to the server at once; 0: all */
    unsigned writes;
};

struct wish {
    const char *host; /* NULL: no SNI */
    int version_max;
    const char *schemes;
    const char *suites12;
    const char *groups;
    const char *alpn; /* wire form */
    bool distrusts;
    SSL_SESSION *session;
    bool strict;
};

static bool set_list(SSL *ssl, int command, const char *list) {
    char copy[200];
    (void)snprintf(copy, sizeof(copy), "%s", list);
    return SSL_ctrl(ssl, command, 0, copy) == 1;
}

static void configure_client(struct pair *p, const struct wish *wish) {
    if (wish->host != NULL) {
        char host[100];
        (void)snprintf(host, sizeof(host), "%s", wish->host);
        assert_int_equal(SSL_set_tlsext_host_name(p->client, host), 1);
    }
    if (wish->version_max != 0) {
        (void)SSL_set_max_proto_version(p->client, wish->version_max);
    }
    if (wish->schemes != NULL) {
        assert_true(set_list(p->client, SSL_CTRL_SET_SIGALGS_LIST, wish->schemes));
    }
    if (wish->groups != NULL) {
        assert_true(set_list(p->client, SSL_CTRL_SET_GROUPS_LIST, wish->groups));
    }
    if (wish->suites12 != NULL) {
        assert_int_equal(SSL_set_cipher_list(p->client, wish->suites12), 1);
    }
    if (wish->alpn != NULL) {
        assert_int_equal(SSL_set_alpn_protos(p->client, (const uint8_t *)wish->alpn,
                                             (unsigned)strlen(wish->alpn)),
                         0);
    }
    if (wish->session != NULL) {
        assert_int_equal(SSL_set_session(p->client, wish->session), 1);
    }
    SSL_set_verify(p->client, wish->distrusts ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
}

static struct pair new_pair(struct world *w, const struct wish *wish) {
    struct pair p = {0};
    struct err e = {0};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    p.client = SSL_new(context);
    SSL_CTX_free(context);
    p.to_client = BIO_new(BIO_s_mem());
    p.from_client = BIO_new(BIO_s_mem());
    (void)BIO_set_mem_eof_return(p.to_client, -1);
    SSL_set_bio(p.client, p.to_client, p.from_client);
    SSL_set_connect_state(p.client);
    configure_client(&p, wish);
    buf_init(&p.out, 1024 * 1024);
    assert_ok(tls_connection_new(w->engine, w->snapshot, wish->strict ? w->strict : w->open,
                                 &p.server, &e),
              &e);
    return p;
}

static void end_pair(struct pair *p) {
    tls_connection_free(p->server);
    SSL_free(p->client);
    buf_clear(&p->out);
}

static void deliver(struct pair *p) {
    if (p->out.len > 0) {
        p->writes++;
        assert_int_equal(BIO_write(p->to_client, p->out.data, (int)p->out.len), (int)p->out.len);
        buf_reset(&p->out);
    }
}

static bool is_handshaking(const struct pair *p) {
    return tls_connection_state(p->server) <= TLS_STATE_SIGNING;
}

/* Gives the server what the client sent. */
static void serve(struct pair *p) {
    uint8_t bytes[32 * 1024];
    int len = BIO_read(p->from_client, bytes, sizeof(bytes));
    size_t left = len > 0 ? (size_t)len : 0;
    const uint8_t *at = bytes;
    while (is_handshaking(p) && (left > 0 || p->status == TLS_WANT_SIGNATURE)) {
        size_t step = p->step == 0 || p->step > left ? left : p->step;
        struct tls_io io = {.in = at, .in_len = step, .out = &p->out};
        p->status = tls_connection_handshake(p->server, &io, &p->e);
        size_t used = step - io.in_len;
        at += used;
        left -= used;
        if (p->status == TLS_DONE && left > 0) { /* the client's data came along */
            io = (struct tls_io){.in = at, .in_len = left, .out = &p->out};
            assert_true(tls_connection_keep(p->server, &io, NULL));
        }
    }
    deliver(p);
}

static bool shake_hands(struct pair *p) {
    for (int round = 0; round < 8 && is_handshaking(p); round++) {
        (void)SSL_do_handshake(p->client);
        serve(p);
    }
    ERR_clear_error();
    return tls_connection_state(p->server) == TLS_STATE_OPEN && SSL_do_handshake(p->client) == 1;
}

static enum key_family served_family(const struct pair *p) {
    X509 *certificate = SSL_get0_peer_certificate(p->client);
    assert_non_null(certificate);
    return key_spec_of(X509_get0_pubkey(certificate)).family;
}

static void say(struct pair *p, const char *text) {
    struct tls_io io = {.out = &p->out};
    assert_true(tls_connection_write(p->server, &io, text, strlen(text), &p->e));
    deliver(p);
    char got[100] = "";
    assert_int_equal(SSL_read(p->client, got, sizeof(got) - 1), (int)strlen(text));
    assert_string_equal(got, text);
}

/* --- the handshake
 * ------------------------------------------------------------------------------------- */

static void test_tls_1_3_is_agreed_with_the_cheapest_suite(void **state) {
    struct world *w = *state;
    struct wish wish = {.host = "again.example"};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    assert_string_equal(tls_connection_version(p.server), "TLS 1.3");
    assert_string_equal(tls_connection_suite(p.server), "TLS_AES_128_GCM_SHA256");
    assert_string_equal(tls_connection_group(p.server), "X25519MLKEM768");
    assert_string_equal(tls_connection_server_name(p.server), "again.example");
    assert_false(tls_connection_is_resumed(p.server));
    assert_int_equal(p.writes, 2); /* one flight of the handshake, one with the ticket */
    say(&p, "hello");
    end_pair(&p);
}

static void test_tls_1_2_is_agreed_by_intermediate(void **state) {
    struct world *w = *state;
    struct wish wish = {.version_max = TLS1_2_VERSION};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    assert_string_equal(tls_connection_version(p.server), "TLS 1.2");
    assert_string_equal(tls_connection_suite(p.server), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    assert_string_equal(tls_connection_server_name(p.server), "");
    say(&p, "hello");
    end_pair(&p);
}

static void test_a_handshake_byte_by_byte(void **state) {
    struct world *w = *state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct wish wish = {.host = "rsa.example", .version_max = version};
        struct pair p = new_pair(w, &wish);
        p.step = 1;
        assert_true(shake_hands(&p));
        assert_int_equal(served_family(&p), KEY_RSA);
        say(&p, "hello");
        end_pair(&p);
    }
}

static void test_the_name_decides_the_certificate(void **state) {
    struct world *w = *state;
    static const struct {
        const char *host;
        enum key_family family;
    } table[] = {{NULL, KEY_EC},
                 {"RSA.example", KEY_RSA},
                 {"ed.example", KEY_ED25519},
                 {"unknown.example", KEY_EC}};
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct wish wish = {.host = table[i].host};
        struct pair p = new_pair(w, &wish);
        assert_true(shake_hands(&p));
        assert_int_equal(served_family(&p), table[i].family);
        end_pair(&p);
    }
}

static void test_the_client_s_schemes_decide_between_two_certificates(void **state) {
    struct world *w = *state;
    static const struct {
        const char *host;
        int version;
        const char *schemes;
        const char *suites12;
        enum key_family family;
    } table[] = {
        {"both.example", TLS1_3_VERSION, NULL, NULL, KEY_EC},
        {"both.example", TLS1_3_VERSION, "rsa_pss_rsae_sha256", NULL, KEY_RSA},
        {"both.example", TLS1_3_VERSION, "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256", NULL,
         KEY_EC},
        /* the scheme's curve is not the certificate's */
        {"both384.example", TLS1_3_VERSION, "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256", NULL,
         KEY_RSA},
        {"both.example", TLS1_2_VERSION, NULL, NULL, KEY_EC},
        {"both.example", TLS1_2_VERSION, "RSA+SHA256", NULL, KEY_RSA},
        /* the suite decides too, in TLS 1.2 */
        {"both.example", TLS1_2_VERSION, NULL, "ECDHE-RSA-AES128-GCM-SHA256", KEY_RSA},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct wish wish = {.host = table[i].host,
                            .version_max = table[i].version,
                            .schemes = table[i].schemes,
                            .suites12 = table[i].suites12};
        struct pair p = new_pair(w, &wish);
        assert_true(shake_hands(&p));
        assert_int_equal(served_family(&p), table[i].family);
        end_pair(&p);
    }
}

static void test_a_client_that_lacks_the_first_group_gets_the_next(void **state) {
    struct world *w = *state;
    static const char *const groups[] = {"X25519", "P-256", "P-384", "P-521:P-384"};
    static const char *const agreed[] = {"x25519", "secp256r1", "secp384r1", "secp384r1"};
    for (size_t i = 0; i < PL_ARRAY_LEN(groups); i++) {
        struct wish wish = {.groups = groups[i]};
        struct pair p = new_pair(w, &wish);
        assert_true(shake_hands(&p));
        assert_string_equal(tls_connection_group(p.server), agreed[i]);
        end_pair(&p);
    }
}

static void test_alpn_takes_http_1_1(void **state) {
    struct world *w = *state;
    struct wish wish = {.alpn = "\x02h2\x08http/1.1"};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    const uint8_t *protocol = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(p.client, &protocol, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(protocol, "http/1.1", 8);
    end_pair(&p);
}

/* --- failures and their reasons
 * ------------------------------------------------------------------------- */

static void assert_broken(struct world *w, const struct wish *wish, enum err_code code,
                          const char *words, int alert) {
    struct pair p = new_pair(w, wish);
    assert_false(shake_hands(&p));
    assert_int_equal(p.status, TLS_BROKEN);
    assert_string_equal(err_code_text(p.e.code), err_code_text(code));
    assert_non_null(strstr(p.e.step[0], words));
    ERR_clear_error();
    (void)SSL_do_handshake(p.client);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_AD_REASON_OFFSET + alert);
    ERR_clear_error();
    end_pair(&p);
}

static void test_nothing_in_common_is_said_in_words(void **state) {
    struct world *w = *state;
    struct wish old = {.host = "modern.example", .version_max = TLS1_2_VERSION};
    assert_broken(w, &old, ERR_TLS_HANDSHAKE_REFUSED,
                  "offers TLS 1.2 at most, policy \"modern\" begins at TLS 1.3",
                  SSL_AD_PROTOCOL_VERSION);
    struct wish older = {.version_max = TLS1_1_VERSION, .suites12 = "ALL:@SECLEVEL=0"};
    assert_broken(w, &older, ERR_TLS_HANDSHAKE_REFUSED, "offers TLS 1.1 at most",
                  SSL_AD_PROTOCOL_VERSION);
    struct wish suite = {.version_max = TLS1_2_VERSION, .suites12 = "AES128-SHA"};
    assert_broken(w, &suite, ERR_TLS_HANDSHAKE_REFUSED, "no cipher suite",
                  SSL_AD_HANDSHAKE_FAILURE);
    struct wish scheme = {.host = "rsa.example", .schemes = "ecdsa_secp256r1_sha256"};
    assert_broken(w, &scheme, ERR_TLS_HANDSHAKE_REFUSED, "no signature scheme",
                  SSL_AD_HANDSHAKE_FAILURE);
    struct wish group = {.groups = "P-521"};
    assert_broken(w, &group, ERR_TLS_HANDSHAKE_REFUSED, "no key exchange group",
                  SSL_AD_HANDSHAKE_FAILURE);
    struct wish protocol = {.alpn = "\x02h2"};
    assert_broken(w, &protocol, ERR_TLS_HANDSHAKE_REFUSED, "no HTTP version",
                  SSL_AD_NO_APPLICATION_PROTOCOL);
}

static void test_a_strict_listener_refuses_names_that_it_does_not_know(void **state) {
    struct world *w = *state;
    struct wish unknown = {.host = "unknown.example", .strict = true};
    assert_broken(w, &unknown, ERR_TLS_HANDSHAKE_NAME,
                  "no binding for the name \"unknown.example\"", SSL_AD_UNRECOGNIZED_NAME);
    struct wish none = {.strict = true};
    assert_broken(w, &none, ERR_TLS_HANDSHAKE_NAME, "sent no name", SSL_AD_UNRECOGNIZED_NAME);
    struct wish known = {.host = "known.example", .strict = true};
    struct pair p = new_pair(w, &known);
    assert_true(shake_hands(&p));
    end_pair(&p);
}

static void test_a_broken_certificate_concerns_its_own_binding_alone(void **state) {
    struct world *w = *state;
    struct wish cut = {.host = "cut.example"};
    for (int again = 0; again < 2; again++) {
        assert_broken(w, &cut, ERR_TLS_CERTIFICATE_BROKEN, "not one certificate",
                      SSL_AD_INTERNAL_ERROR);
    }
    struct wish foreign = {.host = "foreign.example"};
    assert_broken(w, &foreign, ERR_TLS_KEY_MISMATCH, "another key", SSL_AD_INTERNAL_ERROR);
    struct wish empty = {.host = "empty.example"};
    assert_broken(w, &empty, ERR_TLS_CERTIFICATE_BROKEN, "no certificate", SSL_AD_INTERNAL_ERROR);
    struct wish half = {.host = "half.example"}; /* its other certificate is whole */
    struct pair p = new_pair(w, &half);
    assert_true(shake_hands(&p));
    assert_int_equal(served_family(&p), KEY_RSA);
    end_pair(&p);
}

static void test_a_failing_signer_is_the_reason(void **state) {
    struct world *w = *state;
    struct wish wish = {0};
    w->signer.is_broken = true;
    assert_broken(w, &wish, ERR_TLS_SIGN_REFUSED, "the test's signer is broken",
                  SSL_AD_INTERNAL_ERROR);
    w->signer.is_broken = false;
}

static void test_a_client_that_distrusts_says_so(void **state) {
    struct world *w = *state;
    struct wish wish = {.distrusts = true};
    struct pair p = new_pair(w, &wish);
    assert_false(shake_hands(&p));
    assert_string_equal(err_code_text(p.e.code), "tls.handshake.alert");
    assert_non_null(
        strstr(p.e.step[0], "does not trust the certificate's issuer (alert unknown_ca)"));
    end_pair(&p);
}

/* A record that is allowed and leads nowhere (RFC 8446 §5: change_cipher_spec), again and again. */
static void test_a_handshake_that_never_ends_is_cut_off(void **state) {
    struct world *w = *state;
    struct pair p = new_pair(w, &(struct wish){.host = "one.example"});
    static const uint8_t record[] = {20, 3, 3, 0, 1, 1};
    uint8_t hello[4096];
    (void)SSL_do_handshake(p.client);
    int len = BIO_read(p.from_client, hello, sizeof(hello));
    assert_true(len > 0);
    struct tls_io io = {.in = hello, .in_len = (size_t)len, .out = &p.out};
    assert_int_equal(tls_connection_handshake(p.server, &io, &p.e), TLS_WANT_INPUT);
    enum tls_status status = TLS_WANT_INPUT;
    size_t sent = 0;
    while (status == TLS_WANT_INPUT && sent < (size_t)2 * TLS_HANDSHAKE_BYTES_MAX) {
        io = (struct tls_io){.in = record, .in_len = sizeof(record), .out = &p.out};
        status = tls_connection_handshake(p.server, &io, &p.e);
        sent += sizeof(record);
    }
    assert_true(sent <= TLS_HANDSHAKE_BYTES_MAX);
    assert_int_equal(status, TLS_BROKEN);
    assert_true(err_is_set(&p.e));
    end_pair(&p);
}

static void test_other_protocols_are_told_apart(void **state) {
    struct world *w = *state;
    static const struct {
        const char *bytes;
        size_t len;
        enum err_code code;
        bool has_alert;
    } table[] = {
        {"GET / HTTP/1.1\r\n", 16, ERR_TLS_HANDSHAKE_HTTP, false},
        {"\x00\x01\x02", 3, ERR_TLS_HANDSHAKE_NOT_TLS, false},
        {"\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9, ERR_TLS_HANDSHAKE_MALFORMED, true},
        {"\x16\x03\x01\x40\x00\x01\xff\xff\xff", 9, ERR_TLS_HANDSHAKE_MALFORMED, true},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct wish wish = {0};
        struct pair p = new_pair(w, &wish);
        struct tls_io io = {
            .in = (const uint8_t *)table[i].bytes, .in_len = table[i].len, .out = &p.out};
        assert_int_equal(tls_connection_handshake(p.server, &io, &p.e), TLS_BROKEN);
        assert_string_equal(err_code_text(p.e.code), err_code_text(table[i].code));
        assert_int_equal(p.out.len > 0, table[i].has_alert);
        assert_int_equal(tls_connection_state(p.server), TLS_STATE_FAILED);
        end_pair(&p);
    }
}

/* --- sessions
 * ---------------------------------------------------------------------------------------------- */

/* A session as a client keeps it after one exchange; the ticket comes with the first data. */
static SSL_SESSION *session_of(struct world *w, const struct wish *wish) {
    struct pair p = new_pair(w, wish);
    assert_true(shake_hands(&p));
    say(&p, "hello");
    SSL_SESSION *session = SSL_get1_session(p.client);
    assert_true(SSL_SESSION_is_resumable(session));
    (void)SSL_shutdown(p.client);
    end_pair(&p);
    return session;
}

static bool resumes(struct world *w, const char *host, int version, SSL_SESSION *session) {
    struct wish wish = {.host = host, .version_max = version, .session = session};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    bool is_resumed = tls_connection_is_resumed(p.server);
    assert_int_equal(is_resumed, SSL_session_reused(p.client) == 1);
    say(&p, "again");
    /* A client uses a ticket of TLS 1.3 once, so a resumed connection brings it the next one. */
    bool has_next = SSL_get0_session(p.client) != session;
    assert_true(has_next || version != TLS1_3_VERSION);
    end_pair(&p);
    return is_resumed;
}

static void test_a_session_is_resumed_on_its_own_site(void **state) {
    struct world *w = *state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct wish wish = {.host = "again.example", .version_max = version};
        SSL_SESSION *session = session_of(w, &wish);
        w->signer.calls = 0;
        assert_true(resumes(w, wish.host, version, session));
        assert_int_equal(w->signer.calls, 0);
        SSL_SESSION_free(session);
    }
}

static void test_a_session_is_not_resumed_on_another_site_or_policy(void **state) {
    struct world *w = *state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct wish wish = {.host = "again.example", .version_max = version};
        SSL_SESSION *session = session_of(w, &wish);
        assert_false(resumes(w, "two.example", version, session));
        SSL_SESSION_free(session);
    }
    struct wish wish = {.host = "again.example"};
    SSL_SESSION *session = session_of(w, &wish);
    assert_false(resumes(w, "modern.example", TLS1_3_VERSION, session));
    SSL_SESSION_free(session);
}

/* --- the open connection
 * ------------------------------------------------------------------------------------- */

static enum tls_status read_from(struct pair *p, char *out, size_t size, size_t *len) {
    uint8_t bytes[32 * 1024];
    int got = BIO_read(p->from_client, bytes, sizeof(bytes));
    struct tls_io io = {.in = bytes, .in_len = got > 0 ? (size_t)got : 0, .out = &p->out};
    enum tls_status status = tls_connection_read(p->server, &io, out, size, len, &p->e);
    assert_true(tls_connection_keep(p->server, &io, &p->e));
    return status;
}

static void test_data_and_both_ends(void **state) {
    struct world *w = *state;
    struct wish wish = {0};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    char got[100] = "";
    size_t len = 0;
    assert_int_equal(read_from(&p, got, sizeof(got), &len), TLS_WANT_INPUT);
    assert_int_equal(SSL_write(p.client, "one", 3), 3);
    assert_int_equal(SSL_write(p.client, "two", 3), 3);
    assert_int_equal(read_from(&p, got, sizeof(got), &len), TLS_DONE);
    assert_int_equal(len, 3);
    assert_true(tls_connection_has_input(p.server));
    assert_int_equal(read_from(&p, got, sizeof(got), &len), TLS_DONE);
    assert_memory_equal(got, "two", 3);
    assert_false(tls_connection_has_input(p.server));
    (void)SSL_shutdown(p.client);
    assert_int_equal(read_from(&p, got, sizeof(got), &len), TLS_ENDED);
    struct tls_io io = {.out = &p.out};
    tls_connection_close(p.server, &io);
    assert_int_equal(tls_connection_state(p.server), TLS_STATE_CLOSED);
    assert_true(p.out.len > 0);
    deliver(&p);
    assert_int_equal(SSL_shutdown(p.client), 1);
    end_pair(&p);
}

static void test_large_data_is_whole(void **state) {
    enum { SIZE = 200 * 1000 };
    struct world *w = *state;
    struct wish wish = {0};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    PL_AUTO(buf_clear) struct buf sent;
    buf_init(&sent, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        assert_true(buf_append_byte(&sent, (uint8_t)(i * 7 >> 3), NULL));
    }
    struct tls_io io = {.out = &p.out};
    assert_ok(tls_connection_write(p.server, &io, sent.data, SIZE, &p.e), &p.e);
    deliver(&p);
    uint8_t got[32 * 1024];
    for (size_t at = 0; at < SIZE;) {
        int len = SSL_read(p.client, got, sizeof(got));
        assert_true(len > 0);
        assert_memory_equal(got, sent.data + at, (size_t)len);
        at += (size_t)len;
    }
    end_pair(&p);
}

static void test_damaged_records_end_the_connection(void **state) {
    struct world *w = *state;
    struct wish wish = {0};
    struct pair p = new_pair(w, &wish);
    assert_true(shake_hands(&p));
    assert_int_equal(SSL_write(p.client, "one", 3), 3);
    uint8_t bytes[1000];
    int got = BIO_read(p.from_client, bytes, sizeof(bytes));
    assert_true(got > 10);
    bytes[got - 1] ^= 1;
    struct tls_io io = {.in = bytes, .in_len = (size_t)got, .out = &p.out};
    size_t len = 0;
    char out[10];
    assert_int_equal(tls_connection_read(p.server, &io, out, sizeof(out), &len, &p.e), TLS_BROKEN);
    assert_string_equal(err_code_text(p.e.code), "tls.record");
    assert_true(p.out.len > 0); /* the alert */
    end_pair(&p);
}

/* --- a signer in another process
 * --------------------------------------------------------------------------- */

struct waiting_signer {
    struct fixture_signer *signer;
    unsigned pauses;
    bool is_answered;
};

static bool sign_later(void *ctx, const struct key_handle *handle, enum remote_kind kind,
                       uint16_t scheme, const uint8_t *input, size_t len,
                       uint8_t out[REMOTE_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    struct waiting_signer *waiting = ctx;
    assert_non_null(ASYNC_get_current_job());
    do {
        waiting->pauses++;
        assert_int_equal(ASYNC_pause_job(), 1);
    } while (!waiting->is_answered);
    return fixture_sign(waiting->signer, handle, kind, scheme, input, len, out, out_len, e);
}

static void test_a_handshake_is_parked_until_the_signer_answers(void **state) {
    struct world *w = *state;
    struct waiting_signer waiting = {.signer = &w->signer};
    struct tls_engine_config config = {.signer = {.sign = sign_later, .ctx = &waiting},
                                       .is_signer_async = true};
    struct err e = {0};
    struct tls_engine *synchronous = w->engine;
    assert_ok(tls_engine_new(&config, &w->engine, &e), &e);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct wish wish = {.version_max = version};
        struct pair p = new_pair(w, &wish);
        waiting.is_answered = false;
        (void)SSL_do_handshake(p.client);
        uint8_t bytes[4096];
        int len = BIO_read(p.from_client, bytes, sizeof(bytes));
        struct tls_io io = {.in = bytes, .in_len = (size_t)len, .out = &p.out};
        assert_int_equal(tls_connection_handshake(p.server, &io, &p.e), TLS_WANT_SIGNATURE);
        assert_int_equal(tls_connection_state(p.server), TLS_STATE_SIGNING);
        assert_int_equal(tls_connection_handshake(p.server, &io, &p.e), TLS_WANT_SIGNATURE);
        waiting.is_answered = true;
        p.status = tls_connection_handshake(p.server, &io, &p.e);
        deliver(&p);
        assert_true(shake_hands(&p));
        say(&p, "hello");
        end_pair(&p);
    }
    /* a connection that dies while it is parked ends its job */
    struct wish wish = {0};
    struct pair p = new_pair(w, &wish);
    waiting.is_answered = false;
    (void)SSL_do_handshake(p.client);
    uint8_t bytes[4096];
    int len = BIO_read(p.from_client, bytes, sizeof(bytes));
    struct tls_io io = {.in = bytes, .in_len = (size_t)len, .out = &p.out};
    assert_int_equal(tls_connection_handshake(p.server, &io, &p.e), TLS_WANT_SIGNATURE);
    waiting.is_answered = true;
    end_pair(&p);
    tls_engine_free(w->engine);
    w->engine = synchronous;
}

/* --- tables --- */

static void test_every_pair_of_states(void **state) {
    (void)state;
    static const char *const table[TLS_STATE_COUNT] = {
        /* to:             h s i o c f */
        [TLS_STATE_CLIENT_HELLO] = ".+...+", [TLS_STATE_HANDSHAKE] = "..++.+",
        [TLS_STATE_SIGNING] = ".+.+.+",      [TLS_STATE_OPEN] = "....++",
        [TLS_STATE_CLOSED] = "......",       [TLS_STATE_FAILED] = "......",
    };
    for (unsigned from = 0; from < TLS_STATE_COUNT; from++) {
        for (unsigned to = 0; to < TLS_STATE_COUNT; to++) {
            assert_int_equal(tls_state_may_follow(from, to), table[from][to] == '+');
        }
    }
}

static void test_alerts_have_names(void **state) {
    (void)state;
    assert_string_equal(tls_alert_name(48), "unknown_ca");
    assert_string_equal(tls_alert_name(0), "close_notify");
    assert_string_equal(tls_alert_name(255), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_1_3_is_agreed_with_the_cheapest_suite),
        cmocka_unit_test(test_tls_1_2_is_agreed_by_intermediate),
        cmocka_unit_test(test_a_handshake_byte_by_byte),
        cmocka_unit_test(test_the_name_decides_the_certificate),
        cmocka_unit_test(test_the_client_s_schemes_decide_between_two_certificates),
        cmocka_unit_test(test_a_client_that_lacks_the_first_group_gets_the_next),
        cmocka_unit_test(test_alpn_takes_http_1_1),
        cmocka_unit_test(test_nothing_in_common_is_said_in_words),
        cmocka_unit_test(test_a_strict_listener_refuses_names_that_it_does_not_know),
        cmocka_unit_test(test_a_broken_certificate_concerns_its_own_binding_alone),
        cmocka_unit_test(test_a_failing_signer_is_the_reason),
        cmocka_unit_test(test_a_client_that_distrusts_says_so),
        cmocka_unit_test(test_a_handshake_that_never_ends_is_cut_off),
        cmocka_unit_test(test_other_protocols_are_told_apart),
        cmocka_unit_test(test_a_session_is_resumed_on_its_own_site),
        cmocka_unit_test(test_a_session_is_not_resumed_on_another_site_or_policy),
        cmocka_unit_test(test_data_and_both_ends),
        cmocka_unit_test(test_large_data_is_whole),
        cmocka_unit_test(test_damaged_records_end_the_connection),
        cmocka_unit_test(test_a_handshake_is_parked_until_the_signer_answers),
        cmocka_unit_test(test_every_pair_of_states),
        cmocka_unit_test(test_alerts_have_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
