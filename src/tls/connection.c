/*
 * A TLS server connection between two buffers. Process: net. The library's socket is a BIO of ours
 * that reads from the turn's input and appends to the turn's output.
 */
#include "tls/connection.h"

#include "base/clock.h"
#include "base/mem.h"
#include "codec/client_hello.h"
#include "pki/openssl.h"
#include "tls/reason.h"
#include "tls/registry.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <limits.h>
#include <string.h>

enum {
    UNREAD_MAX = 128 * 1024,
    RECORD_MAX = 16 * 1024,
    SESSION_CONTEXT_LEN = 32,
    STAPLE_SKEW_MS = 5 * 60 * 1000,
    /* Site, policy, whether clients are asked, by whom they must be known. */
    SESSION_SCOPE_LEN = ID_LEN + TLS_POLICY_FINGERPRINT_LEN + 1 + SNAPSHOT_CLIENTS_FINGERPRINT_LEN,
};

struct tls_connection {
    struct tls_engine *engine;
    struct snapshot *snapshot;
    uint32_t listener;
    uint32_t binding;
    enum tls_state state;
    uint16_t version_max;            /* offered by the client */
    const struct tls_policy *policy; /* NULL before the ClientHello */
    char *server_name;               /* NULL: none was sent */
    struct client_offer *offer;      /* NULL before the ClientHello */
    SSL *ssl;                        /* NULL before the ClientHello */
    uint32_t handshake_bytes;        /* taken so far */
    uint32_t post_handshake;         /* messages of the client on the open connection */
    struct tls_io *io;               /* the current turn's */
    struct buf unread;               /* comes before io's input */
};

/* --- states -------------------------------------------------------------------------------------
 */

static const bool may_follow[TLS_STATE_COUNT][TLS_STATE_COUNT] = {
    [TLS_STATE_CLIENT_HELLO] = {[TLS_STATE_HANDSHAKE] = true, [TLS_STATE_FAILED] = true},
    [TLS_STATE_HANDSHAKE] =
        {[TLS_STATE_SIGNING] = true, [TLS_STATE_OPEN] = true, [TLS_STATE_FAILED] = true},
    [TLS_STATE_SIGNING] =
        {[TLS_STATE_HANDSHAKE] = true, [TLS_STATE_OPEN] = true, [TLS_STATE_FAILED] = true},
    [TLS_STATE_OPEN] = {[TLS_STATE_CLOSED] = true, [TLS_STATE_FAILED] = true},
};

bool tls_state_may_follow(enum tls_state from, enum tls_state to) {
    return may_follow[from][to];
}

static void set_state(struct tls_connection *c, enum tls_state state) {
    PL_BUG_UNLESS(may_follow[c->state][state]);
    c->state = state;
}

/* --- the library's socket
 * -------------------------------------------------------------------------- */

/* A client that goes on and on without finishing its handshake gets no further input read. */
static bool may_take(const struct tls_connection *c) {
    return c->state == TLS_STATE_OPEN || c->handshake_bytes < TLS_HANDSHAKE_BYTES_MAX;
}

static size_t take_input(struct tls_connection *c, uint8_t *out, size_t size) {
    size_t taken = c->unread.len < size ? c->unread.len : size;
    if (taken > 0) {
        memcpy(out, c->unread.data, taken);
        buf_consume(&c->unread, taken);
        if (c->unread.len == 0) {
            buf_clear(&c->unread);
        }
    }
    size_t more = c->io->in_len < size - taken ? c->io->in_len : size - taken;
    if (more > 0) {
        memcpy(out + taken, c->io->in, more);
        c->io->in += more;
        c->io->in_len -= more;
    }
    return taken + more;
}

static int flight_read(BIO *bio, char *out, size_t size, size_t *out_len) {
    struct tls_connection *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (c->post_handshake > TLS_POST_HANDSHAKE_MAX) {
        return 0; /* for good: fail_record() says why */
    }
    *out_len = may_take(c) ? take_input(c, (uint8_t *)out, size) : 0;
    c->handshake_bytes += c->state == TLS_STATE_OPEN ? 0 : (uint32_t)*out_len;
    if (*out_len == 0) {
        BIO_set_retry_read(bio);
    }
    return *out_len > 0;
}

static int flight_write(BIO *bio, const char *bytes, size_t len, size_t *out_len) {
    struct tls_connection *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *out_len = len;
    return buf_append(c->io->out, bytes, len, NULL);
}

static long flight_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* One for the process; never freed, as the library's own methods. */
static const BIO_METHOD *flight_method(void) {
    static BIO_METHOD *method;
    if (method == NULL) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "padlock flight");
        if (method != NULL) {
            (void)BIO_meth_set_read_ex(method, flight_read);
            (void)BIO_meth_set_write_ex(method, flight_write);
            (void)BIO_meth_set_ctrl(method, flight_control);
        }
    }
    return method;
}

/* --- from the ClientHello to the library
 * -------------------------------------------------------------- */

/* An alert before any key exists; the library does not exist yet either. RFC 8446 §6, §5.1. */
static void append_alert(struct tls_io *io, int alert) {
    const uint8_t record[] = {21, 3, 3, 0, 2, SSL3_AL_FATAL, (uint8_t)alert};
    if (!buf_append(io->out, record, sizeof(record), NULL)) {
        return; /* the connection ends either way: the alert is a courtesy */
    }
}

static enum tls_status fail(struct tls_connection *c) {
    set_state(c, TLS_STATE_FAILED);
    return TLS_BROKEN;
}

static bool refuse_name(struct tls_connection *c, struct err *e) {
    append_alert(c->io, SSL_AD_UNRECOGNIZED_NAME);
    if (c->server_name == NULL) {
        return err_set(e, ERR_TLS_HANDSHAKE_NAME,
                       "the client sent no name, and the listener has no default");
    }
    return err_set(e, ERR_TLS_HANDSHAKE_NAME, "no binding for the name \"%.255s\"", c->server_name);
}

static bool accepts_family(const struct client_hello *hello, enum key_family family) {
    static const struct {
        enum key_family family;
        uint16_t scheme;
    } schemes[] = {
        {KEY_EC, 0x0403},  {KEY_EC, 0x0503},  {KEY_EC, 0x0603},  {KEY_ED25519, 0x0807},
        {KEY_RSA, 0x0804}, {KEY_RSA, 0x0805}, {KEY_RSA, 0x0806}, {KEY_RSA, 0x0401},
        {KEY_RSA, 0x0501}, {KEY_RSA, 0x0601},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (schemes[i].family == family && client_hello_lists(hello->schemes, schemes[i].scheme)) {
            return true;
        }
    }
    return hello->schemes.bytes == NULL;
}

/* In TLS 1.3 the scheme names the curve too; another curve's certificate is of no use then. */
static bool accepts_key(const struct client_hello *hello, enum key_family family, EVP_PKEY *key) {
    if (family != KEY_EC) {
        return true;
    }
    int bits = EVP_PKEY_get_bits(key);
    return client_hello_lists(hello->schemes, bits == 256 ? 0x0403 : bits == 384 ? 0x0503 : 0x0603);
}

static uint32_t certificate_of(const struct tls_connection *c,
                               const struct snapshot_binding *binding, enum key_family family) {
    for (size_t i = 0; i < SNAPSHOT_BINDING_CERTIFICATES_MAX; i++) {
        uint32_t index = binding->certificates[i];
        if (index != SNAPSHOT_NONE &&
            snapshot_certificate_at(c->snapshot, index).family == family) {
            return index;
        }
    }
    return SNAPSHOT_NONE;
}

enum attached { ATTACHED, NOT_ATTACHED, NOT_ACCEPTED };

static enum attached attach(struct tls_connection *c, uint32_t index,
                            const struct client_hello *hello, bool is_tls13, struct err *e) {
    struct snapshot_certificate certificate = snapshot_certificate_at(c->snapshot, index);
    struct certificates_entry entry;
    if (!certificates_get(tls_engine_certificates(c->engine), c->snapshot, &certificate, &entry,
                          e)) {
        return NOT_ATTACHED;
    }
    if (is_tls13 && !accepts_key(hello, certificate.family, entry.key)) {
        return NOT_ACCEPTED;
    }
    if (SSL_use_cert_and_key(c->ssl, entry.leaf, entry.key, entry.chain, 1) != 1) {
        (void)err_set_openssl(e, ERR_TLS_CERTIFICATE_BROKEN,
                              "the TLS policy does not take the certificate");
        return NOT_ATTACHED;
    }
    return ATTACHED;
}

/*
 * Attaches what the client can use: in TLS 1.3 the best one alone; before, where the cipher suites
 * decide too, each, and the library chooses. When nothing fits, all are attached, for the library
 * to say what is missing.
 */
static bool attach_certificates(struct tls_connection *c, const struct snapshot_binding *binding,
                                const struct client_hello *hello, struct err *e) {
    static const enum key_family preference[] = {KEY_EC, KEY_ED25519, KEY_RSA};
    bool is_tls13 = c->policy->version_max >= TLS1_3_VERSION &&
                    client_hello_lists(hello->versions, TLS1_3_VERSION);
    bool is_attached = false;
    for (unsigned pass = 0; pass < 2 && !is_attached; pass++) {
        bool takes_all = pass == 1;
        for (size_t i = 0; i < PL_ARRAY_LEN(preference) && !(is_attached && is_tls13); i++) {
            uint32_t index = certificate_of(c, binding, preference[i]);
            if (index != SNAPSHOT_NONE && (takes_all || accepts_family(hello, preference[i]))) {
                is_attached |= attach(c, index, hello, is_tls13 && !takes_all, e) == ATTACHED;
            }
        }
    }
    bool is_explained = is_attached || err_is_set(e);
    return is_attached || (!is_explained && err_set(e, ERR_TLS_CERTIFICATE_BROKEN,
                                                    "the binding has no certificate"));
}

/*
 * Tickets are good for the same site under the same policy and the same rule on clients'
 * certificates, and nowhere else (CVE-2025-23419, CVE-2025-23048).
 */
static bool set_session_context(SSL *ssl, const struct snapshot_site *site,
                                const struct tls_engine_policy *policy,
                                const struct snapshot_binding *binding) {
    uint8_t scope[SESSION_SCOPE_LEN] = {0};
    uint8_t context[SESSION_CONTEXT_LEN];
    uint8_t *at = scope;
    memcpy(at, site->id.bytes, ID_LEN);
    at += ID_LEN;
    memcpy(at, policy->fingerprint, TLS_POLICY_FINGERPRINT_LEN);
    at += TLS_POLICY_FINGERPRINT_LEN;
    *at++ = (uint8_t)binding->client_auth;
    if (binding->clients_fingerprint != NULL) {
        memcpy(at, binding->clients_fingerprint, SNAPSHOT_CLIENTS_FINGERPRINT_LEN);
    }
    return sha256(scope, sizeof(scope), context, NULL) &&
           SSL_set_session_id_context(ssl, context, sizeof(context)) == 1;
}

static bool make_ssl(struct tls_connection *c, const struct snapshot_binding *binding,
                     struct err *e) {
    const struct tls_engine_policy *policy = NULL;
    struct snapshot_site site = snapshot_site_at(c->snapshot, binding->site);
    if (!tls_engine_policy(c->engine, binding->policy, binding->policy_fingerprint, &policy, e)) {
        return false;
    }
    c->policy = binding->policy;
    c->ssl = SSL_new(policy->context);
    BIO *bio = c->ssl == NULL || flight_method() == NULL ? NULL : BIO_new(flight_method());
    if (bio == NULL || !set_session_context(c->ssl, &site, policy, binding)) {
        BIO_free(bio);
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    SSL_set_app_data(c->ssl, c);
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    SSL_set_bio(c->ssl, bio, bio);
    SSL_set_accept_state(c->ssl);
    if (tls_engine_is_async(c->engine)) {
        (void)SSL_set_mode(c->ssl, SSL_MODE_ASYNC);
    }
    return client_sets_ask(tls_engine_clients(c->engine), c->snapshot, binding, c->ssl, e);
}

static bool keep_server_name(struct tls_connection *c, const struct client_hello *hello,
                             struct err *e) {
    void *name = NULL;
    if (hello->server_name.bytes == NULL) {
        return true;
    }
    if (!mem_dup(hello->server_name.bytes, hello->server_name.len, &name, e)) {
        return false;
    }
    c->server_name = name;
    return true;
}

static bool start(struct tls_connection *c, const struct client_hello *hello, struct err *e) {
    c->version_max = client_hello_version_max(hello);
    if (!keep_server_name(c, hello, e) || !client_offer_new(hello, &c->offer, e)) {
        return false;
    }
    if (snapshot_lookup(c->snapshot, c->listener, (const char *)hello->server_name.bytes,
                        hello->server_name.len, &c->binding) == SNAPSHOT_NO_MATCH) {
        return refuse_name(c, e);
    }
    struct snapshot_binding binding = snapshot_binding_at(c->snapshot, c->binding);
    struct err fault = {0};
    if (make_ssl(c, &binding, &fault) && attach_certificates(c, &binding, hello, &fault)) {
        return true;
    }
    append_alert(c->io, SSL_AD_INTERNAL_ERROR);
    if (e != NULL) {
        *e = fault;
    }
    return false;
}

static bool refuse_bytes(struct tls_connection *c, enum client_hello_result result, struct err *e) {
    switch (result) {
    case CLIENT_HELLO_HTTP:
        return err_set(e, ERR_TLS_HANDSHAKE_HTTP, "the client speaks plain HTTP on an https port");
    case CLIENT_HELLO_NOT_TLS:
        return err_set(e, ERR_TLS_HANDSHAKE_NOT_TLS, "the client does not speak TLS");
    case CLIENT_HELLO_TOO_LARGE:
        append_alert(c->io, SSL_AD_ILLEGAL_PARAMETER);
        return err_set(e, ERR_TLS_HANDSHAKE_MALFORMED, "the ClientHello is larger than %d bytes",
                       CLIENT_HELLO_MAX);
    case CLIENT_HELLO_MALFORMED:
        append_alert(c->io, SSL_AD_DECODE_ERROR);
        return err_set(e, ERR_TLS_HANDSHAKE_MALFORMED, "the ClientHello is malformed");
    case CLIENT_HELLO_WHOLE:
    case CLIENT_HELLO_MORE:
        break;
    }
    return true;
}

static enum tls_status read_client_hello(struct tls_connection *c, struct err *e) {
    if (c->unread.len > 0 && !tls_connection_keep(c, c->io, e)) {
        return fail(c);
    }
    PL_AUTO(buf_clear) struct buf joined;
    buf_init(&joined, CLIENT_HELLO_MAX + RECORD_MAX);
    bool is_kept = c->unread.len > 0;
    struct client_hello hello = {0};
    enum client_hello_result result =
        client_hello_read(is_kept ? c->unread.data : c->io->in,
                          is_kept ? c->unread.len : c->io->in_len, &joined, &hello);
    if (result == CLIENT_HELLO_MORE) {
        return tls_connection_keep(c, c->io, e) ? TLS_WANT_INPUT : fail(c);
    }
    if (result != CLIENT_HELLO_WHOLE) {
        (void)refuse_bytes(c, result, e);
        return fail(c);
    }
    if (!start(c, &hello, e)) {
        return fail(c);
    }
    set_state(c, TLS_STATE_HANDSHAKE);
    return TLS_DONE;
}

/* --- the handshake
 * -------------------------------------------------------------------------------- */

static enum tls_status fail_handshake(struct tls_connection *c, struct err *e) {
    struct err signer_error;
    struct tls_reason_facts facts = {.policy = c->policy,
                                     .version_max = c->version_max,
                                     .verify_result = SSL_get_verify_result(c->ssl)};
    if (remote_keys_take_error(tls_engine_keys(c->engine), &signer_error)) {
        ERR_clear_error();
        (void)err_wrap(&signer_error, "the handshake could not be signed");
        if (e != NULL) {
            *e = signer_error;
        }
    } else {
        (void)tls_reason_set(&facts, e);
    }
    return fail(c);
}

static void enter(struct tls_connection *c, enum tls_state state) {
    if (c->state != state) {
        set_state(c, state);
    }
}

/* The library's report of each message on an open connection. */
static void count_message(int is_ours, int version, int type, const void *bytes, size_t len,
                          SSL *ssl, void *unused) {
    (void)version;
    (void)bytes;
    (void)len;
    (void)unused;
    struct tls_connection *c = SSL_get_app_data(ssl);
    c->post_handshake += is_ours == 0 && type == SSL3_RT_HANDSHAKE ? 1 : 0;
}

static enum tls_status shake_hands(struct tls_connection *c, struct err *e) {
    ERR_clear_error();
    int result = SSL_do_handshake(c->ssl);
    if (result == 1) {
        (void)SSL_clear_mode(c->ssl, SSL_MODE_ASYNC);
        SSL_set_msg_callback(c->ssl, count_message);
        set_state(c, TLS_STATE_OPEN);
        return TLS_DONE;
    }
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        if (!may_take(c)) {
            (void)err_set(e, ERR_TLS_HANDSHAKE_MALFORMED,
                          "the client sends more than %d bytes without finishing its handshake",
                          TLS_HANDSHAKE_BYTES_MAX);
            return fail(c);
        }
        enter(c, TLS_STATE_HANDSHAKE);
        return TLS_WANT_INPUT;
    case SSL_ERROR_WANT_ASYNC:
    case SSL_ERROR_WANT_ASYNC_JOB:
        enter(c, TLS_STATE_SIGNING);
        return TLS_WANT_SIGNATURE;
    default:
        return fail_handshake(c, e);
    }
}

enum tls_status tls_connection_handshake(struct tls_connection *connection, struct tls_io *io,
                                         struct err *e) {
    PL_BUG_UNLESS(connection->state <= TLS_STATE_SIGNING);
    connection->io = io;
    enum tls_status status = TLS_DONE;
    if (connection->state == TLS_STATE_CLIENT_HELLO) {
        status = read_client_hello(connection, e);
    }
    return status == TLS_DONE ? shake_hands(connection, e) : status;
}

/* --- the open connection
 * ---------------------------------------------------------------------------- */

static enum tls_status fail_record(struct tls_connection *c, struct err *e) {
    unsigned long code = ERR_peek_error();
    if (c->post_handshake > TLS_POST_HANDSHAKE_MAX) {
        ERR_clear_error();
        (void)err_set(e, ERR_TLS_RECORD_FLOOD,
                      "the client sends more than %d handshake messages on an open connection",
                      TLS_POST_HANDSHAKE_MAX);
    } else if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET) {
        struct tls_reason_facts facts = {.policy = c->policy,
                                         .version_max = c->version_max,
                                         .verify_result = SSL_get_verify_result(c->ssl)};
        (void)tls_reason_set(&facts, e);
    } else {
        (void)err_set_openssl(e, ERR_TLS_RECORD,
                              "the client broke the protocol after the handshake");
    }
    return fail(c);
}

enum tls_status tls_connection_read(struct tls_connection *connection, struct tls_io *io, void *out,
                                    size_t size, size_t *out_len, struct err *e) {
    PL_BUG_UNLESS(connection->state == TLS_STATE_OPEN);
    connection->io = io;
    ERR_clear_error();
    if (SSL_read_ex(connection->ssl, out, size, out_len) == 1) {
        return TLS_DONE;
    }
    switch (SSL_get_error(connection->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_INPUT;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        return fail_record(connection, e);
    }
}

bool tls_connection_write(struct tls_connection *connection, struct tls_io *io, const void *bytes,
                          size_t len, struct err *e) {
    PL_BUG_UNLESS(connection->state == TLS_STATE_OPEN);
    connection->io = io;
    const uint8_t *at = bytes;
    while (len > 0) {
        size_t written = 0;
        ERR_clear_error();
        if (SSL_write_ex(connection->ssl, at, len < RECORD_MAX ? len : RECORD_MAX, &written) != 1) {
            (void)fail_record(connection, e);
            return false;
        }
        at += written;
        len -= written;
    }
    return true;
}

void tls_connection_close(struct tls_connection *connection, struct tls_io *io) {
    if (connection->state != TLS_STATE_OPEN) {
        return;
    }
    connection->io = io;
    ERR_clear_error();
    (void)SSL_shutdown(connection->ssl);
    ERR_clear_error();
    set_state(connection, TLS_STATE_CLOSED);
}

bool tls_connection_keep(struct tls_connection *connection, struct tls_io *io, struct err *e) {
    if (io->in_len > 0 && !buf_append(&connection->unread, io->in, io->in_len, e)) {
        return false;
    }
    io->in += io->in_len;
    io->in_len = 0;
    return true;
}

bool tls_connection_has_input(const struct tls_connection *connection) {
    return connection->unread.len > 0 ||
           (connection->ssl != NULL && SSL_has_pending(connection->ssl) == 1);
}

/* --- beginning and end
 * ------------------------------------------------------------------------------- */

bool tls_connection_new(struct tls_engine *engine, struct snapshot *snapshot, uint32_t listener,
                        struct tls_connection **out_connection, struct err *e) {
    PL_BUG_UNLESS(snapshot_listener_at(snapshot, listener)->scheme == SNAPSHOT_HTTPS);
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct tls_connection), &memory, e)) {
        return false;
    }
    struct tls_connection *c = memory;
    *c = (struct tls_connection){.engine = engine,
                                 .snapshot = snapshot_ref(snapshot),
                                 .listener = listener,
                                 .binding = SNAPSHOT_NONE,
                                 .state = TLS_STATE_CLIENT_HELLO};
    buf_init(&c->unread, UNREAD_MAX);
    *out_connection = c;
    return true;
}

/* One more step of a handshake that nobody waits for: its parked job ends, and is freed with it. */
static void end_signing(struct tls_connection *connection, struct tls_io *io) {
    connection->io = io;
    (void)SSL_do_handshake(connection->ssl);
    ERR_clear_error();
    connection->io = NULL;
}

void tls_connection_free(struct tls_connection *connection) {
    if (connection == NULL) {
        return;
    }
    if (connection->state == TLS_STATE_SIGNING) {
        struct buf nowhere = {0};
        struct tls_io io = {.out = &nowhere};
        end_signing(connection, &io);
    }
    SSL_free(connection->ssl);
    snapshot_free(connection->snapshot);
    buf_clear(&connection->unread);
    mem_free(connection->server_name);
    client_offer_free(connection->offer);
    mem_free(connection);
}

enum tls_state tls_connection_state(const struct tls_connection *connection) {
    return connection->state;
}

uint32_t tls_connection_binding(const struct tls_connection *connection) {
    return connection->binding;
}

struct snapshot *tls_connection_snapshot(const struct tls_connection *connection) {
    return connection->snapshot;
}

const char *tls_connection_server_name(const struct tls_connection *connection) {
    return connection->server_name == NULL ? "" : connection->server_name;
}

static bool is_agreed(const struct tls_connection *c) {
    return c->state == TLS_STATE_OPEN || c->state == TLS_STATE_CLOSED;
}

const char *tls_connection_version(const struct tls_connection *connection) {
    return is_agreed(connection) ? tls_version_text(SSL_version(connection->ssl)) : "";
}

const char *tls_connection_suite(const struct tls_connection *connection) {
    const SSL_CIPHER *suite =
        is_agreed(connection) ? SSL_get_current_cipher(connection->ssl) : NULL;
    const char *name = suite == NULL ? NULL : SSL_CIPHER_standard_name(suite);
    return name == NULL ? "" : name;
}

const char *tls_connection_group(const struct tls_connection *connection) {
    const char *name = NULL;
    if (is_agreed(connection)) {
        name = SSL_group_to_name(connection->ssl, (int)SSL_get_negotiated_group(connection->ssl));
    }
    return name == NULL ? "" : name;
}

static bool is_current(const struct snapshot_staple *staple) {
    int64_t now_ms = clock_now_ms();
    return staple->der.len > 0 && now_ms < staple->next_update_ms &&
           now_ms >= staple->this_update_ms - STAPLE_SKEW_MS;
}

int tls_connection_staple(SSL *ssl) {
    const struct tls_connection *c = SSL_get_app_data(ssl);
    X509 *chosen = SSL_get_certificate(ssl);
    EVP_PKEY *key = chosen == NULL ? NULL : X509_get0_pubkey(chosen);
    if (key == NULL || c->binding == SNAPSHOT_NONE) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    struct snapshot_binding binding = snapshot_binding_at(c->snapshot, c->binding);
    uint32_t index = certificate_of(c, &binding, key_spec_of(key).family);
    if (index == SNAPSHOT_NONE) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    struct snapshot_certificate certificate = snapshot_certificate_at(c->snapshot, index);
    if (!is_current(&certificate.staple)) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    /* The library frees it. */
    uint8_t *copy = OPENSSL_memdup(certificate.staple.der.bytes, certificate.staple.der.len);
    if (copy == NULL ||
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)certificate.staple.der.len) != 1) {
        OPENSSL_free(copy);
        return SSL_TLSEXT_ERR_NOACK;
    }
    return SSL_TLSEXT_ERR_OK;
}

const struct client_offer *tls_connection_offer(const struct tls_connection *connection) {
    return connection->offer;
}

const char *tls_connection_policy(const struct tls_connection *connection) {
    return connection->policy == NULL ? "" : connection->policy->name;
}

size_t tls_connection_protocol(const struct tls_connection *connection, const uint8_t **out_name) {
    unsigned len = 0;
    *out_name = NULL;
    if (is_agreed(connection)) {
        SSL_get0_alpn_selected(connection->ssl, out_name, &len);
    }
    return len;
}

/* By the kind of signature and its hash, as the library tells of its own. */
const char *tls_connection_signature(const struct tls_connection *connection) {
    static const struct {
        int type;
        int digest;
        uint16_t scheme;
    } schemes[] = {
        {EVP_PKEY_EC, NID_sha256, 0x0403},      {EVP_PKEY_EC, NID_sha384, 0x0503},
        {EVP_PKEY_EC, NID_sha512, 0x0603},      {EVP_PKEY_EC, NID_sha1, 0x0203},
        {EVP_PKEY_RSA_PSS, NID_sha256, 0x0804}, {EVP_PKEY_RSA_PSS, NID_sha384, 0x0805},
        {EVP_PKEY_RSA_PSS, NID_sha512, 0x0806}, {EVP_PKEY_RSA, NID_sha256, 0x0401},
        {EVP_PKEY_RSA, NID_sha384, 0x0501},     {EVP_PKEY_RSA, NID_sha512, 0x0601},
        {EVP_PKEY_RSA, NID_md5_sha1, 0xFF01},   {EVP_PKEY_ED25519, NID_undef, 0x0807},
    };
    int type = NID_undef;
    int digest = NID_undef;
    if (!is_agreed(connection) || SSL_session_reused(connection->ssl) == 1 ||
        SSL_get_signature_type_nid(connection->ssl, &type) != 1) {
        return "";
    }
    (void)SSL_get_signature_nid(connection->ssl, &digest);
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (schemes[i].type == type &&
            (schemes[i].digest == digest || schemes[i].digest == NID_undef)) {
            return tls_registry_find(TLS_KIND_SCHEME, schemes[i].scheme)->name;
        }
    }
    return "";
}

X509 *tls_connection_client(const struct tls_connection *connection) {
    return is_agreed(connection) ? SSL_get0_peer_certificate(connection->ssl) : NULL;
}

bool tls_connection_covers(const struct tls_connection *connection,
                           const struct snapshot_binding *binding) {
    if (binding->client_auth == SNAPSHOT_CLIENTS_ANY) {
        return true;
    }
    if (connection->binding == SNAPSHOT_NONE) {
        return false;
    }
    struct snapshot_binding own = snapshot_binding_at(connection->snapshot, connection->binding);
    return own.client_auth == binding->client_auth &&
           memcmp(own.clients_fingerprint, binding->clients_fingerprint,
                  SNAPSHOT_CLIENTS_FINGERPRINT_LEN) == 0;
}

bool tls_connection_is_resumed(const struct tls_connection *connection) {
    return is_agreed(connection) && SSL_session_reused(connection->ssl) == 1;
}
