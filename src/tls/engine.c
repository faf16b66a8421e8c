/*
 * What connections share. Process: net.
 * Limits: ENGINE_POLICIES_MAX policies; beyond, the one that was made first makes room, whose
 * connections keep their context.
 */
#include "tls/engine.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pki/openssl.h"
#include "tls/connection.h"

#include <openssl/ssl.h>

#include <string.h>

enum { ENGINE_POLICIES_MAX = 256 };

struct tls_engine {
    OSSL_LIB_CTX *library;
    struct remote_keys *keys;
    struct certificates *certificates;
    struct client_sets *clients;
    struct tickets *tickets;
    bool is_async;
    struct tls_engine_policy policies[ENGINE_POLICIES_MAX];
    size_t policy_count;
    size_t policy_next; /* the place for the next one */
};

bool tls_engine_new(const struct tls_engine_config *config, struct tls_engine **out_engine,
                    struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct tls_engine), &memory, e)) {
        return false;
    }
    PL_AUTO(tls_engine_freep) struct tls_engine *engine = memory;
    engine->is_async = config->is_signer_async;
    engine->library = OSSL_LIB_CTX_new();
    if (engine->library == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    size_t certificates_max =
        config->certificates_max == 0 ? TLS_CERTIFICATES_DEFAULT : config->certificates_max;
    int64_t lifetime_ms = TLS_TICKET_LIFETIME_S * CLOCK_SECOND_MS;
    if (!remote_keys_new(engine->library, &config->signer, &engine->keys, e) ||
        !certificates_new(engine->library, engine->keys, certificates_max, &engine->certificates,
                          e) ||
        !client_sets_new(engine->library, &engine->clients, e) ||
        !tickets_new(engine->library, lifetime_ms, !config->has_shared_tickets, &engine->tickets,
                     e)) {
        return false;
    }
    *out_engine = PL_TAKE(engine);
    return true;
}

void tls_engine_free(struct tls_engine *engine) {
    if (engine == NULL) {
        return;
    }
    for (size_t i = 0; i < engine->policy_count; i++) {
        SSL_CTX_free(engine->policies[i].context);
    }
    certificates_free(engine->certificates);
    client_sets_free(engine->clients);
    tickets_free(engine->tickets);
    remote_keys_free(engine->keys);
    OSSL_LIB_CTX_free(engine->library);
    mem_free(engine);
}

struct certificates *tls_engine_certificates(struct tls_engine *engine) {
    return engine->certificates;
}

struct client_sets *tls_engine_clients(struct tls_engine *engine) {
    return engine->clients;
}

struct remote_keys *tls_engine_keys(struct tls_engine *engine) {
    return engine->keys;
}

struct tickets *tls_engine_tickets(struct tls_engine *engine) {
    return engine->tickets;
}

void tls_engine_add_ticket_key(struct tls_engine *engine, const struct ticket_key *key) {
    tickets_add(engine->tickets, key);
}

bool tls_engine_is_async(const struct tls_engine *engine) {
    return engine->is_async;
}

static int protect_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                          EVP_MAC_CTX *mac, int is_encrypting) {
    struct tls_engine *engine = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int done = tickets_protect(engine->tickets, name, iv, cipher, mac, is_encrypting != 0);
    /* RFC 8446 §C.4: clients use a ticket once. Without another a resumed session is its last. */
    bool is_used_up = done == 1 && is_encrypting == 0 && SSL_version(ssl) == TLS1_3_VERSION;
    return is_used_up ? 2 : done;
}

static int give_staple(SSL *ssl, void *unused) {
    (void)unused;
    return tls_connection_staple(ssl);
}

/* RFC 7301 §3.2: a client that offers protocols of which none is spoken here is told so. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned offered_len, void *unused) {
    (void)ssl;
    (void)unused;
    static const char *const spoken[] = {"http/1.1", "http/1.0"};
    for (size_t i = 0; i < PL_ARRAY_LEN(spoken); i++) {
        size_t len = strlen(spoken[i]);
        for (unsigned at = 0; at < offered_len; at += 1U + offered[at]) {
            if (offered[at] == len && offered_len - at > len &&
                memcmp(offered + at + 1, spoken[i], len) == 0) {
                *out = offered + at + 1;
                *out_len = (unsigned char)len;
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool tls_engine_policy(struct tls_engine *engine, const struct tls_policy *policy,
                       const uint8_t fingerprint[TLS_POLICY_FINGERPRINT_LEN],
                       const struct tls_engine_policy **out_policy, struct err *e) {
    for (size_t i = 0; i < engine->policy_count; i++) {
        if (memcmp(engine->policies[i].fingerprint, fingerprint, TLS_POLICY_FINGERPRINT_LEN) == 0) {
            *out_policy = &engine->policies[i];
            return true;
        }
    }
    SSL_CTX *context = NULL;
    if (!tls_policy_new_context(policy, engine->library, &context, e)) {
        return false;
    }
    struct tls_engine_policy *made = &engine->policies[engine->policy_next];
    SSL_CTX_free(made->context);
    made->context = context;
    memcpy(made->fingerprint, fingerprint, TLS_POLICY_FINGERPRINT_LEN);
    SSL_CTX_set_app_data(made->context, engine);
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(made->context, protect_ticket);
    (void)SSL_CTX_set_max_cert_list(made->context, TLS_CLIENT_CHAIN_MAX);
    (void)SSL_CTX_set_tlsext_status_cb(made->context, give_staple);
    SSL_CTX_set_alpn_select_cb(made->context, choose_protocol, NULL);
    engine->policy_next = (engine->policy_next + 1) % ENGINE_POLICIES_MAX;
    engine->policy_count += engine->policy_count < ENGINE_POLICIES_MAX ? 1 : 0;
    *out_policy = made;
    return true;
}
