/* A binding's policy and client certificates: chosen, changed, read back. */
#include "ops/bind_set.h"

#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "pki/trust.h"
#include "store/certs.h"
#include "tls/policy_words.h"

#include <openssl/x509.h>

#include <stdio.h>

enum { CLIENT_CA_BYTES_MAX = 256 * 1024, CLIENT_CA_COUNT_MAX = 100 };

bool bind_choose_policy(struct ops *ops, const char *name, struct binding_row *row,
                        struct policy_found *out_found, struct err *e) {
    if (!ops_policy_pick(ops, name == NULL ? tls_policy_default()->name : name, out_found, e)) {
        return false;
    }
    row->tls_policy = out_found->policy->name;
    row->tls_policy_id = (struct id){{0}};
    if (out_found->row != NULL) {
        row->tls_policy_id = out_found->row->id;
    }
    return true;
}

/* --- client certificates ----------------------------------------------------------------------
 */

static bool require_own_ca(struct ops *ops, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list own = {0};
    if (!ops_ca_certificates(ops, &own, e)) {
        return false;
    }
    if (own.count > 0) {
        return true;
    }
    (void)err_set(e, ERR_OPS_CA_MISSING,
                  "this store has no CA that clients' certificates could "
                  "come from");
    return err_hint(e, "name the clients' CA with --client-ca FILE");
}

static bool append_ca(const struct cert *cert, const char *file, struct buf *out, struct err *e) {
    if (!cert->is_ca) {
        (void)err_set(e, ERR_OPS_BIND_CLIENT_CA,
                      "\"%.200s\" in \"%.200s\" is not a CA's certificate", cert_display_name(cert),
                      file);
        return err_hint(e, "the file holds the certificates of those who issue to clients");
    }
    return buf_append(out, cert->der, cert->der_len, e);
}

static bool read_client_ca(const char *file, struct buf *out, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    buf_init(out, CLIENT_CA_BYTES_MAX);
    if (!trust_load_file(file, &certs, e)) {
        return err_wrap(e, "cannot read the CA of the clients from \"%.200s\"", file);
    }
    if (certs.count > CLIENT_CA_COUNT_MAX) {
        return err_set(e, ERR_OPS_BIND_CLIENT_CA, "\"%.200s\" has %zu certificates, at most %d",
                       file, certs.count, CLIENT_CA_COUNT_MAX);
    }
    for (size_t i = 0; i < certs.count; i++) {
        if (!append_ca(certs.items[i], file, out, e)) {
            return false;
        }
    }
    return true;
}

bool bind_choose_client_ca(struct ops *ops, const char *file, struct binding_row *row,
                           struct buf *out_der, struct err *e) {
    if (row->client_auth == CLIENT_AUTH_NONE) {
        row->client_ca = (struct bytes){0};
        if (file == NULL) {
            return true;
        }
        (void)err_set(e, ERR_OPS_BIND_CLIENT_AUTH,
                      "a CA for clients is named, and no client is asked for a certificate");
        return err_hint(e, "add --client-auth required, or optional");
    }
    if (file == NULL || str_equal(file, "own")) {
        row->client_ca = (struct bytes){0};
        return require_own_ca(ops, e);
    }
    if (!read_client_ca(file, out_der, e)) {
        return false;
    }
    row->client_ca = (struct bytes){.data = out_der->data, .len = out_der->len};
    return true;
}

/* Certificates in DER, one after the other. */
static bool split(const struct bytes *der, struct cert_list *out, struct err *e) {
    const uint8_t *at = der->data;
    const uint8_t *end = der->data + der->len;
    while (at < end) {
        const uint8_t *start = at;
        X509 *x509 = d2i_X509(NULL, &at, end - at);
        X509_free(x509);
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        if (x509 == NULL) {
            return err_set(e, ERR_OPS_BIND_CLIENT_CA, "a binding's list of client CAs is damaged");
        }
        if (!cert_from_der(start, (size_t)(at - start), &cert, e) || !cert_list_add(out, cert, e)) {
            return false;
        }
    }
    return true;
}

bool ops_bind_client_cas(struct ops *ops, const struct binding_row *row, struct cert_list *out,
                         struct err *e) {
    if (row->client_auth == CLIENT_AUTH_NONE) {
        return true;
    }
    return row->client_ca.len > 0 ? split(&row->client_ca, out, e)
                                  : ops_ca_certificates(ops, out, e);
}

bool ops_bind_client_ca_names(const struct binding_row *row, struct list *out, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    if (row->client_ca.len == 0) {
        return true;
    }
    if (!split(&row->client_ca, &certs, e)) {
        return false;
    }
    for (size_t i = 0; i < certs.count; i++) {
        if (!list_add(out, certs.items[i]->subject_text, e)) {
            return false;
        }
    }
    return true;
}

/* --- changing ---------------------------------------------------------------------------------
 */

static bool check_key(struct ops *ops, const struct tls_policy *policy, const struct id *id,
                      struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *cert = NULL;
    struct key_spec spec = {0};
    if (id_is_zero(id)) {
        return true;
    }
    if (!store_cert_get(ops->store, id, &cert, e)) {
        return false;
    }
    if (cert == NULL || !key_spec_parse(cert->key_spec, &spec, NULL) ||
        tls_policy_serves(policy, spec.family, spec.bits)) {
        return true;
    }
    return err_set(e, ERR_OPS_BIND_POLICY_KEY,
                   "the TLS policy \"%.63s\" has no suites and signatures for \"%.100s\" (%s)",
                   policy->name, cert->friendly_name, cert->key_spec);
}

static bool change_policy(struct ops *ops, const char *name, struct binding_row *row,
                          struct policy_found *found, struct err *e) {
    return name == NULL || (bind_choose_policy(ops, name, row, found, e) &&
                            check_key(ops, found->policy, &row->ec_cert_id, e) &&
                            check_key(ops, found->policy, &row->rsa_cert_id, e) &&
                            check_key(ops, found->policy, &row->ed25519_cert_id, e));
}

static bool change_clients(struct ops *ops, const struct bind_change *change,
                           struct binding_row *row, struct buf *der, struct err *e) {
    if (change->client_auth == NULL && change->client_ca == NULL) {
        return true;
    }
    bool is_mode_alone = change->client_ca == NULL && row->client_auth != CLIENT_AUTH_NONE &&
                         *change->client_auth != CLIENT_AUTH_NONE;
    row->client_auth = change->client_auth == NULL ? row->client_auth : *change->client_auth;
    return is_mode_alone || bind_choose_client_ca(ops, change->client_ca, row, der, e);
}

static bool change_parts(struct ops *ops, const char *text, struct binding_row *row,
                         struct list *out, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *site = NULL;
    if (text == NULL) {
        return true;
    }
    if (!store_site_get(ops->store, &row->site_id, &site, e)) {
        return false;
    }
    return site == NULL || bind_choose_parts(site, text, row, out, e);
}

/* The header comes before anything else of a connection: all bindings of the endpoint have it, or
 * none. The row itself is written by the caller. */
static bool change_proxied(struct ops *ops, const bool *is_proxied, struct binding_row *row,
                           struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    const struct binding_filter endpoint = {.address = row->address, .port = row->port};
    if (is_proxied == NULL || *is_proxied == row->is_proxied) {
        return true;
    }
    row->is_proxied = *is_proxied;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        if (!store_binding_list(ops->store, &endpoint, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            rows.items[i]->is_proxied = *is_proxied;
            if (!id_equal(&rows.items[i]->id, &row->id) &&
                !store_binding_update(ops->store, rows.items[i], e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

bool ops_bind_set(struct ops *ops, struct binding_row **row, const struct bind_change *change,
                  struct err *e) {
    PL_AUTO(policy_found_clear) struct policy_found policy = {0};
    PL_AUTO(buf_clear) struct buf der = {0};
    PL_AUTO(list_clear) struct list parts = {0};
    char place[96];
    char title[OPERATION_TITLE_MAX];
    struct binding_row *old = *row;
    bool is_https = str_equal(old->scheme, "https");
    binding_format(old, place);
    if (!is_https &&
        (change->tls_policy != NULL || change->client_auth != NULL || change->client_ca != NULL)) {
        return err_set(e, ERR_OPS_BIND_CLIENT_AUTH,
                       "%s is plain http: it has neither TLS policy nor client certificates",
                       place);
    }
    if (!change_policy(ops, change->tls_policy, old, &policy, e) ||
        !change_clients(ops, change, old, &der, e) ||
        !change_parts(ops, change->parts, old, &parts, e)) {
        return false;
    }
    old->is_strict = change->is_strict == NULL ? old->is_strict : *change->is_strict;
    (void)snprintf(title, sizeof(title), "bind set %s %.300s", place, old->host);
    struct binding_row *written = NULL;
    PL_AUTO(operation_rollback) struct operation op = {0};
    if (!ops_begin(ops, &op, title, true, e) || !change_proxied(ops, change->is_proxied, old, e) ||
        !store_binding_update(ops->store, old, e) ||
        !ops_audit(ops, "bind.set", "binding", &old->id, title, e) ||
        !store_binding_get(ops->store, &old->id, &written, e)) {
        return false;
    }
    binding_row_free(old);
    *row = written;
    return ops_end(ops, &op, e);
}
