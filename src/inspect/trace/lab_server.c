/* The laboratory's server: a CA, a certificate, libssl over memory. */
#include "inspect/trace/lab_server.h"

#include "base/mem.h"
#include "inspect/trace/lab.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

enum { LIFETIME_S = 90 * 24 * 3600, LOG_MAX = 16 * 1024, RSA_BITS = 2048, EARLY_MAX = 16 * 1024 };

PL_DEFINE_FREEP(ssl_freep, SSL, SSL_free)
PL_DEFINE_FREEP(ssl_ctx_freep, SSL_CTX, SSL_CTX_free)

struct lab_server {
    EVP_PKEY *ca_key;
    X509 *ca;
    EVP_PKEY *key;
    X509 *cert;
    struct cert *root;
    SSL_CTX *context;
    SSL *ssl;
    bool is_answered;
    bool reads_early; /* what goes ahead, until it ends */
    bool takes_early_data;
    struct buf key_log;
    int64_t at_ms;
};

static bool failed(struct err *e, const char *what) {
    return err_set_openssl(e, ERR_INSPECT_LAB, "the laboratory's server cannot be set up: %s",
                           what);
}

/* --- certificates --------------------------------------------------------------------------------
 */

struct subject {
    const char *name;
    const char *alternative; /* "DNS:lab.example"; NULL: none */
    const char *basic;
    const char *usage;
    long serial;
};

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    if (value == NULL) {
        return true;
    }
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    PL_AUTO(x509_extension_freep)
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

/* issuer NULL: signed by itself. */
static X509 *make_cert(const struct lab_server *server, const struct subject *about, EVP_PKEY *key,
                       X509 *issuer) {
    PL_AUTO(x509_freep) X509 *cert = X509_new();
    if (cert == NULL) {
        return NULL;
    }
    X509 *signer = issuer == NULL ? cert : issuer;
    X509_NAME *name = X509_get_subject_name(cert);
    time_t from = (time_t)(server->at_ms / 1000) - 3600;
    bool ok = X509_set_version(cert, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set(X509_get_serialNumber(cert), about->serial) == 1 &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)about->name, -1,
                                         -1, 0) == 1 &&
              X509_set_issuer_name(cert, X509_get_subject_name(signer)) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(cert), from) != NULL &&
              ASN1_TIME_set(X509_getm_notAfter(cert), from + LIFETIME_S) != NULL &&
              X509_set_pubkey(cert, key) == 1 &&
              add_extension(cert, signer, NID_basic_constraints, about->basic) &&
              add_extension(cert, signer, NID_key_usage, about->usage) &&
              add_extension(cert, signer, NID_subject_key_identifier, "hash") &&
              add_extension(cert, signer, NID_subject_alt_name, about->alternative) &&
              X509_sign(cert, server->ca_key, EVP_sha256()) > 0;
    return ok ? PL_TAKE(cert) : NULL;
}

static bool make_identity(struct lab_server *server, bool is_rsa, struct err *e) {
    static const struct subject ca = {"Padlock's laboratory", NULL, "critical,CA:TRUE",
                                      "critical,keyCertSign,cRLSign", 1};
    static const struct subject leaf = {LAB_HOST, "DNS:" LAB_HOST, "critical,CA:FALSE",
                                        "critical,digitalSignature,keyEncipherment", 2};
    server->ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    server->key = is_rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS)
                         : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (server->ca_key == NULL || server->key == NULL) {
        return failed(e, "no keys");
    }
    server->ca = make_cert(server, &ca, server->ca_key, NULL);
    server->cert = server->ca == NULL ? NULL : make_cert(server, &leaf, server->key, server->ca);
    return (server->cert != NULL || failed(e, "no certificate")) &&
           cert_from_x509(server->ca, &server->root, e);
}

bool lab_server_make_client(struct lab_server *server, X509 **out_cert, EVP_PKEY **out_key,
                            struct err *e) {
    static const struct subject client = {"A client of the laboratory", NULL, "critical,CA:FALSE",
                                          "critical,digitalSignature", 3};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *cert = key == NULL ? NULL : make_cert(server, &client, key, server->ca);
    if (cert == NULL) {
        return failed(e, "no certificate for the client");
    }
    *out_cert = cert;
    *out_key = PL_TAKE(key);
    return true;
}

/* --- the server ----------------------------------------------------------------------------------
 */

static void on_key_log(const SSL *ssl, const char *line) {
    struct lab_server *server = SSL_get_app_data(ssl);
    (void)!(buf_append_string(&server->key_log, line, NULL) &&
            buf_append_byte(&server->key_log, '\n', NULL));
}

static bool trust_own_ca(struct lab_server *server) {
    X509_STORE *store = SSL_CTX_get_cert_store(server->context);
    /* As of the date that the certificates are made for. */
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(server->context), (time_t)(server->at_ms / 1000));
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return X509_STORE_add_cert(store, server->ca) == 1 &&
           SSL_CTX_add_client_CA(server->context, server->ca) == 1;
}

static bool set_groups(SSL_CTX *context, const char *groups) {
    PL_AUTO(mem_freep) char *copy = NULL;
    return groups == NULL || (mem_strdup(groups, &copy, NULL) &&
                              SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, copy) == 1);
}

static bool configure(struct lab_server *server, const struct lab_server_wish *wish) {
    static const uint8_t session_context[] = "lab";
    SSL_CTX *context = server->context;
    SSL_CTX_set_keylog_callback(context, on_key_log);
    return SSL_CTX_set_min_proto_version(context, wish->version) == 1 &&
           SSL_CTX_set_max_proto_version(context, wish->version) == 1 &&
           (wish->suites == NULL || SSL_CTX_set_cipher_list(context, wish->suites) == 1) &&
           set_groups(context, wish->groups) &&
           SSL_CTX_use_certificate(context, server->cert) == 1 &&
           SSL_CTX_use_PrivateKey(context, server->key) == 1 &&
           SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context)) == 1 &&
           (!wish->takes_early_data || SSL_CTX_set_max_early_data(context, EARLY_MAX) == 1) &&
           (!wish->wants_client_certificate || trust_own_ca(server));
}

bool lab_server_new(const struct lab_server_wish *wish, struct lab_server **out_server,
                    struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct lab_server), &memory, e)) {
        return false;
    }
    PL_AUTO(lab_server_freep) struct lab_server *server = memory;
    server->at_ms = wish->at_ms;
    server->takes_early_data = wish->takes_early_data;
    buf_init(&server->key_log, LOG_MAX);
    if (!make_identity(server, wish->is_rsa, e)) {
        return false;
    }
    server->context = SSL_CTX_new(TLS_server_method());
    if (server->context == NULL || !configure(server, wish)) {
        return failed(e, "the library does not know what it needs");
    }
    *out_server = PL_TAKE(server);
    return true;
}

void lab_server_free(struct lab_server *server) {
    if (server == NULL) {
        return;
    }
    SSL_free(server->ssl);
    SSL_CTX_free(server->context);
    cert_free(server->root);
    X509_free(server->cert);
    X509_free(server->ca);
    EVP_PKEY_free(server->key);
    EVP_PKEY_free(server->ca_key);
    buf_cleanse(&server->key_log);
    mem_free(server);
}

bool lab_server_accept(struct lab_server *server, struct err *e) {
    SSL_free(PL_TAKE(server->ssl));
    server->is_answered = false;
    server->reads_early = server->takes_early_data;
    buf_reset(&server->key_log);
    PL_AUTO(ssl_freep) SSL *ssl = SSL_new(server->context);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    if (ssl == NULL || in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return failed(e, "no connection");
    }
    (void)BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_app_data(ssl, server);
    SSL_set_accept_state(ssl);
    server->ssl = PL_TAKE(ssl);
    return true;
}

static const char response[] = "HTTP/1.1 200 OK\r\nServer: padlock-lab\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";

/* A request that went ahead is answered at once, with the server's first flight. True when no more
 * of the kind can come. */
static bool take_early(struct lab_server *server) {
    char request[2048];
    size_t len = 0;
    for (;;) {
        switch (SSL_read_early_data(server->ssl, request, sizeof(request), &len)) {
        case SSL_READ_EARLY_DATA_SUCCESS:
            if (!server->is_answered) {
                server->is_answered = true;
                (void)SSL_write_early_data(server->ssl, response, sizeof(response) - 1, &len);
            }
            break;
        case SSL_READ_EARLY_DATA_FINISH:
            server->reads_early = false;
            return true;
        default:
            return false;
        }
    }
}

/* One request is answered with a head; what a failed handshake leaves is an alert to be sent. */
static void answer(struct lab_server *server) {
    char request[2048];
    int len = SSL_read(server->ssl, request, sizeof(request));
    if (len > 0 && !server->is_answered) {
        server->is_answered = true;
        (void)SSL_write(server->ssl, response, (int)sizeof(response) - 1);
        (void)SSL_shutdown(server->ssl);
    }
}

bool lab_server_step(struct lab_server *server, const struct buf *from_client,
                     struct buf *to_client, struct err *e) {
    BIO *in = SSL_get_rbio(server->ssl);
    BIO *out = SSL_get_wbio(server->ssl);
    if (from_client->len > 0 &&
        BIO_write(in, from_client->data, (int)from_client->len) != (int)from_client->len) {
        return failed(e, "no memory");
    }
    bool goes_on = !server->reads_early || take_early(server);
    if (goes_on && (SSL_is_init_finished(server->ssl) || SSL_do_handshake(server->ssl) == 1)) {
        answer(server);
    }
    ERR_clear_error();
    char *bytes = NULL;
    long len = BIO_get_mem_data(out, &bytes);
    bool ok = len <= 0 || buf_append(to_client, bytes, (size_t)len, e);
    (void)BIO_reset(out);
    return ok;
}

EVP_PKEY *lab_server_key(const struct lab_server *server) {
    return server->key;
}

struct cert *lab_server_root(const struct lab_server *server) {
    return server->root;
}

const struct buf *lab_server_key_log(const struct lab_server *server) {
    return &server->key_log;
}
