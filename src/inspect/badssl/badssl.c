/* The set: its authorities, its hosts, and a TLS context for each. */
#include "inspect/badssl/badssl.h"

#include "base/mem.h"
#include "base/str.h"
#include "inspect/badssl/badssl_parts.h"
#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>

const struct badssl_host *badssl_host_at(size_t index) {
    return index < badssl_row_count ? &badssl_rows[index].host : NULL;
}

size_t badssl_find(const char *host) {
    for (size_t i = 0; i < badssl_row_count; i++) {
        size_t len = strlen(badssl_rows[i].host.name);
        if (strncmp(host, badssl_rows[i].host.name, len) == 0 &&
            (str_equal(host + len, ".localhost") || str_equal(host + len, ".badssl.test"))) {
            return i;
        }
    }
    return 0;
}

/* --- TLS --- */

static int on_name(SSL *ssl, int *out_alert, void *ctx) {
    const struct badssl *lab = ctx;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name != NULL && SSL_set_SSL_CTX(ssl, lab->contexts[badssl_find(name)]) == NULL) {
        *out_alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

static int on_status(SSL *ssl, void *ctx) {
    const struct badssl *lab = ctx;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    size_t row = badssl_find(name == NULL ? "" : name);
    PL_AUTO(buf_clear) struct buf response = {.max = BADSSL_ANSWER_MAX};
    if (!badssl_rows[row].has_staple || !badssl_append_ocsp(lab, NULL, 0, row, &response, NULL)) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    /* the library frees it with its own function */
    uint8_t *copy = OPENSSL_memdup(response.data, response.len);
    if (copy == NULL || SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)response.len) != 1) {
        OPENSSL_free(copy);
        return SSL_TLSEXT_ERR_NOACK;
    }
    return SSL_TLSEXT_ERR_OK;
}

static bool add_chain(SSL_CTX *context, const struct badssl *lab, const struct badssl_row *row) {
    for (size_t i = 0; i < BADSSL_CHAIN_MAX && row->chain[i] != BADSSL_SELF; i++) {
        if (SSL_CTX_add1_chain_cert(context, lab->authorities[row->chain[i]].x509) != 1) {
            return false;
        }
    }
    return true;
}

/* Level 0: the faults are what is to be shown. */
static bool make_context(struct badssl *lab, size_t index, struct err *e) {
    SSL_CTX *context = lab->contexts[index] = SSL_CTX_new(TLS_server_method());
    const struct badssl_pair *pair = &lab->hosts[index];
    bool ok = context != NULL && SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") == 1 &&
              SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
              SSL_CTX_use_certificate(context, pair->x509) == 1 &&
              SSL_CTX_use_PrivateKey(context, pair->key) == 1 &&
              add_chain(context, lab, &badssl_rows[index]);
    if (!ok) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot prepare the host %s",
                               badssl_rows[index].host.name);
    }
    (void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_tlsext_status_cb(context, on_status);
    (void)SSL_CTX_set_tlsext_status_arg(context, lab);
    return true;
}

/* --- making --- */

static const struct badssl_pair *issuer_of(const struct badssl *lab,
                                           const struct badssl_wish *wish) {
    return wish->issuer == BADSSL_SELF ? NULL : &lab->authorities[wish->issuer];
}

static bool make_authorities(struct badssl *lab, struct err *e) {
    for (size_t i = BADSSL_ROOT; i < BADSSL_AUTHORITY_COUNT; i++) {
        const struct badssl_wish *wish = &badssl_authorities[i];
        if (!badssl_make(wish, issuer_of(lab, wish), lab->port, lab->now_ms, &lab->authorities[i],
                         e)) {
            return false;
        }
    }
    return true;
}

static bool make_host(struct badssl *lab, size_t index, struct err *e) {
    const struct badssl_row *row = &badssl_rows[index];
    struct badssl_wish wish = row->wish;
    char subject[80];
    char names[160];
    (void)snprintf(subject, sizeof(subject), "%s.localhost", row->host.name);
    (void)snprintf(names, sizeof(names), "DNS:%s.localhost,DNS:%s.badssl.test", row->host.name,
                   row->host.name);
    wish.subject = wish.subject != NULL ? wish.subject : subject;
    wish.names = wish.names != NULL ? wish.names : names;
    return badssl_make(&wish, issuer_of(lab, &wish), lab->port, lab->now_ms, &lab->hosts[index],
                       e) &&
           make_context(lab, index, e);
}

bool badssl_new(uint16_t port, int64_t now_ms, struct badssl **out_lab, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct badssl), &memory, e)) {
        return false;
    }
    PL_AUTO(badssl_freep) struct badssl *lab = memory;
    lab->port = port;
    lab->now_ms = now_ms;
    if (!make_authorities(lab, e)) {
        return false;
    }
    for (size_t i = 0; i < badssl_row_count; i++) {
        if (!make_host(lab, i, e)) {
            return false;
        }
    }
    lab->context = lab->contexts[0];
    (void)SSL_CTX_set_tlsext_servername_callback(lab->context, on_name);
    (void)SSL_CTX_set_tlsext_servername_arg(lab->context, lab);
    ERR_clear_error();
    *out_lab = PL_TAKE(lab);
    return true;
}

void badssl_free(struct badssl *lab) {
    if (lab == NULL) {
        return;
    }
    for (size_t i = 0; i < BADSSL_AUTHORITY_COUNT; i++) {
        badssl_pair_clear(&lab->authorities[i]);
    }
    for (size_t i = 0; i < BADSSL_ROWS_MAX; i++) {
        badssl_pair_clear(&lab->hosts[i]);
        SSL_CTX_free(lab->contexts[i]);
    }
    mem_free(lab);
}

SSL_CTX *badssl_context(const struct badssl *lab) {
    return lab->context;
}

bool badssl_append_root(const struct badssl *lab, struct buf *out, struct err *e) {
    PL_AUTO(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (bio == NULL || PEM_write_bio_X509(bio, lab->authorities[BADSSL_ROOT].x509) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot write the root");
    }
    long len = BIO_get_mem_data(bio, &text);
    return buf_append(out, text, (size_t)len, e);
}
