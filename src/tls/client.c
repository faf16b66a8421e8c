/* One handshake with somebody's server, bounded in time; blocking, for commands. */
#include "tls/client.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/ip.h"
#include "pki/openssl.h"
#include "sys/tcp_connect.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

PL_DEFINE_FREEP(ssl_freep, SSL, SSL_free)
PL_DEFINE_FREEP(ssl_ctx_freep, SSL_CTX, SSL_CTX_free)

static void close_fd(const int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

void tls_look_clear(struct tls_look *look) {
    cert_list_clear(&look->presented);
    buf_clear(&look->stapled);
    buf_clear(&look->timestamps);
    *look = (struct tls_look){0};
}

static bool timed_out(const struct tls_look_wish *wish, struct err *e) {
    return err_set(e, ERR_TLS_LOOK_TIMEOUT, "no answer from %.200s port %u within %lld s",
                   wish->connect_host, wish->port, (long long)(wish->timeout_ms / 1000));
}

static bool open_connection(const struct tls_look_wish *wish, int64_t deadline_ms, int *out_fd,
                            char address[TLS_LOOK_TEXT], struct err *e) {
    struct tcp_connection connection;
    switch (tcp_connect(wish->connect_host, wish->port, deadline_ms, &connection)) {
    case TCP_CONNECTED:
        *out_fd = connection.fd;
        return str_copy(address, TLS_LOOK_TEXT, connection.address);
    case TCP_NO_ADDRESS:
        return err_set(e, ERR_TLS_LOOK_RESOLVE, "the name %.200s has no address",
                       wish->connect_host);
    case TCP_TIMED_OUT:
        return timed_out(wish, e);
    case TCP_REFUSED:
        break;
    }
    (void)err_set_errno(e, ERR_TLS_LOOK_CONNECT, connection.errno_value,
                        "cannot connect to %.200s port %u", wish->connect_host, wish->port);
    return err_hint(
        e, "does a server listen there? \"padlock bind list\" shows ours, \"padlock serve\" "
           "starts it");
}

static bool handshake_failed(struct err *e) {
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    return err_set_openssl(e, ERR_TLS_LOOK_HANDSHAKE, "the TLS handshake failed: %s",
                           reason == NULL ? "the server closed the connection" : reason);
}

static bool handshake(SSL *ssl, int fd, const struct tls_look_wish *wish, int64_t deadline_ms,
                      struct err *e) {
    for (;;) {
        ERR_clear_error();
        int result = SSL_connect(ssl);
        if (result == 1) {
            return true;
        }
        int why = SSL_get_error(ssl, result);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            return handshake_failed(e);
        }
        if (!tcp_wait(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline_ms)) {
            return timed_out(wish, e);
        }
    }
}

static bool take_certificates(SSL *ssl, struct tls_look *look, struct err *e) {
    const STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl);
    int count = sent == NULL ? 0 : sk_X509_num(sent);
    if (count == 0) {
        return err_set(e, ERR_TLS_LOOK_NO_CERTIFICATE, "the server presented no certificate");
    }
    for (int i = 0; i < count && i < TLS_LOOK_CERTS_MAX; i++) {
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        if (!cert_from_x509(sk_X509_value(sent, i), &cert, e) ||
            !cert_list_add(&look->presented, cert, e)) {
            return false;
        }
    }
    return true;
}

/* The server's proofs beside its certificates, unread. */
static bool take_staple(SSL *ssl, struct tls_look *look, struct err *e) {
    const uint8_t *response = NULL;
    long len = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    buf_init(&look->stapled, TLS_LOOK_PROOF_MAX);
    return response == NULL || len <= 0 || len > TLS_LOOK_PROOF_MAX ||
           buf_append(&look->stapled, response, (size_t)len, e);
}

static void take_parameters(SSL *ssl, struct tls_look *look) {
    const char *group = NULL;
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
    group = SSL_get0_group_name(ssl);
#endif
    (void)str_copy(look->version, sizeof(look->version), SSL_get_version(ssl));
    (void)str_copy(look->suite, sizeof(look->suite),
                   SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl)));
    (void)str_copy(look->group, sizeof(look->group), group == NULL ? "" : group);
}

/* The server wants a certificate; none is shown. */
static int on_asked(SSL *ssl, X509 **out_certificate, EVP_PKEY **out_key) {
    bool *is_asked = SSL_get_app_data(ssl);
    *is_asked = true;
    *out_certificate = NULL;
    *out_key = NULL;
    return 0;
}

/* --- timestamps of public logs: libssl's own reading of them keeps no bytes --- */

static int on_offer(SSL *ssl, unsigned type, unsigned context, const unsigned char **out_bytes,
                    size_t *out_len, X509 *x509, size_t index, int *out_alert, void *arg) {
    (void)ssl, (void)type, (void)x509, (void)index, (void)arg;
    *out_alert = SSL_AD_INTERNAL_ERROR;
    *out_bytes = NULL;
    *out_len = 0;
    return context == SSL_EXT_CLIENT_HELLO ? 1 : 0;
}

static int on_timestamps(SSL *ssl, unsigned type, unsigned context, const unsigned char *bytes,
                         size_t len, X509 *x509, size_t index, int *out_alert, void *arg) {
    struct buf *timestamps = arg;
    (void)ssl, (void)type, (void)context, (void)x509;
    *out_alert = SSL_AD_INTERNAL_ERROR;
    return index > 0 || timestamps->len > 0 || buf_append(timestamps, bytes, len, NULL) ? 1 : -1;
}

static bool offer_timestamps(SSL_CTX *context, struct buf *timestamps) {
    buf_init(timestamps, TLS_LOOK_PROOF_MAX);
    return SSL_CTX_add_custom_ext(context, TLSEXT_TYPE_signed_certificate_timestamp,
                                  SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO |
                                      SSL_EXT_TLS1_3_CERTIFICATE,
                                  on_offer, NULL, NULL, on_timestamps, timestamps) == 1;
}

/* What our own policies may ask for, and more: looked at is everything. */
static void offer_all(SSL *ssl) {
    static const char groups[] =
        "?*X25519MLKEM768:?*X25519:?prime256v1:?secp384r1:?X448:?secp521r1:?SecP256r1MLKEM768:"
        "?SecP384r1MLKEM1024";
    PL_AUTO(mem_freep) char *copy = NULL;
    (void)SSL_set_min_proto_version(ssl, TLS1_VERSION);
    (void)SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    (void)SSL_set_cipher_list(ssl, "DEFAULT:@SECLEVEL=0");
    /* A library before 3.5 does not read the list and keeps its own. */
    (void)!(mem_strdup(groups, &copy, NULL) &&
            SSL_ctrl(ssl, SSL_CTRL_SET_GROUPS_LIST, 0, copy) == 1);
    ERR_clear_error();
}

static bool configure(SSL *ssl, int fd, const struct tls_look_wish *wish, struct err *e) {
    struct ip ip;
    char name[256] = "";
    bool has_name = wish->sni != NULL && wish->sni[0] != '\0' && !ip_parse(wish->sni, &ip);
    bool is_short = !has_name || str_copy(name, sizeof(name), wish->sni);
    if (!is_short || SSL_set_fd(ssl, fd) != 1 ||
        (has_name &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1)) {
        return err_set_openssl(e, ERR_TLS_LOOK_HANDSHAKE, "cannot prepare the handshake");
    }
    return true;
}

/* Version 2, LOCAL: a socket that has just been connected takes 16 bytes at once. */
static bool send_proxy_header(int fd, struct err *e) {
    static const uint8_t header[] = {'\r', '\n', '\r', '\n', 0,    '\r', '\n', 'Q',
                                     'U',  'I',  'T',  '\n', 0x20, 0,    0,    0};
    return send(fd, header, sizeof(header), MSG_NOSIGNAL) == (ssize_t)sizeof(header) ||
           err_set_errno(e, ERR_TLS_LOOK_CONNECT, errno, "cannot send the PROXY header");
}

bool tls_look_at(const struct tls_look_wish *wish, struct tls_look *out_look, struct err *e) {
    int64_t deadline_ms = clock_monotonic_ms() + wish->timeout_ms;
    PL_AUTO(tls_look_clear) struct tls_look look = {0};
    PL_AUTO(close_fd) int fd = -1;
    if (!open_connection(wish, deadline_ms, &fd, look.address, e)) {
        return false;
    }
    if ((wish->is_proxied && !send_proxy_header(fd, e)) ||
        (wish->begin != NULL && !wish->begin(wish->ctx, fd, deadline_ms, e))) {
        return false;
    }
    PL_AUTO(ssl_ctx_freep) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    PL_AUTO(ssl_freep)
    SSL *ssl =
        context != NULL && offer_timestamps(context, &look.timestamps) ? SSL_new(context) : NULL;
    if (ssl == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot prepare the handshake");
    }
    /* Looked at, not trusted: the caller verifies what was presented. */
    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    SSL_set_app_data(ssl, &look.asks_for_certificate);
    SSL_CTX_set_client_cert_cb(context, on_asked);
    offer_all(ssl);
    struct err refusal = {0};
    bool is_done =
        configure(ssl, fd, wish, &refusal) && handshake(ssl, fd, wish, deadline_ms, &refusal);
    if (!is_done && !look.asks_for_certificate) {
        if (e != NULL) {
            *e = refusal;
        }
        return err_wrap(e, "cannot look at %.200s port %u", wish->connect_host, wish->port);
    }
    if (!take_certificates(ssl, &look, e) || !take_staple(ssl, &look, e)) {
        return err_wrap(e, "cannot look at %.200s port %u", wish->connect_host, wish->port);
    }
    take_parameters(ssl, &look);
    (void)SSL_shutdown(ssl);
    *out_look = look;
    look = (struct tls_look){0};
    return true;
}
