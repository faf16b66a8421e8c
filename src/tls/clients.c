/*
 * Trust stores for clients' certificates. Process: net.
 * Limits: CLIENT_SETS_MAX sets; beyond, the one that was made first makes room.
 */
#include "tls/clients.h"

#include "base/mem.h"
#include "pki/openssl.h"

#include <openssl/ssl.h>

#include <string.h>

struct client_set {
    uint8_t fingerprint[SNAPSHOT_CLIENTS_FINGERPRINT_LEN];
    X509_STORE *store; /* NULL: the place is free */
    STACK_OF(X509_NAME) * names;
};

struct client_sets {
    OSSL_LIB_CTX *library;
    struct client_set sets[CLIENT_SETS_MAX];
    size_t next;
};

static void pop_name(X509_NAME *name) {
    X509_NAME_free(name);
}

static void clear_set(struct client_set *set) {
    X509_STORE_free(set->store);
    sk_X509_NAME_pop_free(set->names, pop_name);
    *set = (struct client_set){0};
}

bool client_sets_new(OSSL_LIB_CTX *library, struct client_sets **out_sets, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct client_sets), &memory, e)) {
        return false;
    }
    *out_sets = memory;
    (*out_sets)->library = library;
    return true;
}

void client_sets_free(struct client_sets *sets) {
    if (sets == NULL) {
        return;
    }
    for (size_t i = 0; i < CLIENT_SETS_MAX; i++) {
        clear_set(&sets->sets[i]);
    }
    mem_free(sets);
}

static bool add_anchor(const struct client_sets *sets, struct client_set *set,
                       struct snapshot_der der, struct err *e) {
    X509 *x509 = X509_new_ex(sets->library, NULL);
    const uint8_t *at = der.bytes;
    /* d2i frees it on failure. */
    if (x509 == NULL || d2i_X509(&x509, &at, (long)der.len) == NULL) {
        return err_set_openssl(e, ERR_TLS_CERTIFICATE_BROKEN,
                               "a CA certificate for clients cannot be read");
    }
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(x509));
    bool ok = name != NULL && sk_X509_NAME_push(set->names, name) > 0;
    if (!ok) {
        X509_NAME_free(name);
    }
    ok = ok && X509_STORE_add_cert(set->store, x509) == 1;
    X509_free(x509);
    return ok || err_set_openssl(e, ERR_BASE_OOM, "out of memory");
}

static bool fill(const struct client_sets *sets, const struct snapshot *snapshot,
                 const struct snapshot_binding *binding, struct client_set *set, struct err *e) {
    set->store = X509_STORE_new();
    set->names = sk_X509_NAME_new_null();
    if (set->store == NULL || set->names == NULL ||
        X509_STORE_set_flags(set->store, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    size_t count = snapshot_client_ca_count(snapshot, binding);
    for (size_t i = 0; i < count; i++) {
        if (!add_anchor(sets, set, snapshot_client_ca_at(snapshot, binding, i), e)) {
            return false;
        }
    }
    memcpy(set->fingerprint, binding->clients_fingerprint, sizeof(set->fingerprint));
    return true;
}

static bool find(struct client_sets *sets, const struct snapshot *snapshot,
                 const struct snapshot_binding *binding, const struct client_set **out_set,
                 struct err *e) {
    for (size_t i = 0; i < CLIENT_SETS_MAX; i++) {
        const struct client_set *set = &sets->sets[i];
        if (set->store != NULL &&
            memcmp(set->fingerprint, binding->clients_fingerprint, sizeof(set->fingerprint)) == 0) {
            *out_set = set;
            return true;
        }
    }
    struct client_set made = {0};
    if (!fill(sets, snapshot, binding, &made, e)) {
        clear_set(&made);
        return false;
    }
    struct client_set *place = &sets->sets[sets->next];
    sets->next = (sets->next + 1) % CLIENT_SETS_MAX;
    clear_set(place);
    *place = made;
    *out_set = place;
    return true;
}

bool client_sets_ask(struct client_sets *sets, const struct snapshot *snapshot,
                     const struct snapshot_binding *binding, SSL *ssl, struct err *e) {
    const struct client_set *set = NULL;
    if (binding->client_auth == SNAPSHOT_CLIENTS_ANY) {
        return true;
    }
    if (!find(sets, snapshot, binding, &set, e)) {
        return false;
    }
    STACK_OF(X509_NAME) *names = SSL_dup_CA_list(set->names);
    if (names == NULL || SSL_set1_verify_cert_store(ssl, set->store) != 1) {
        sk_X509_NAME_pop_free(names, pop_name);
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    SSL_set0_CA_list(ssl, names);
    int fail =
        binding->client_auth == SNAPSHOT_CLIENTS_REQUIRED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_set_verify(ssl, SSL_VERIFY_PEER | fail, NULL);
    return true;
}
