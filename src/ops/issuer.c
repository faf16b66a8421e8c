/* The CA's own certificates. */
#include "ops/issuer.h"

#include "base/mem.h"
#include "ops/context.h"

#include <string.h>

void issuer_clear(struct issuer *issuer) {
    issuer_row_free(issuer->row);
    cert_free(issuer->certificate);
    *issuer = (struct issuer){0};
}

bool ops_issuer_from_row(struct issuer_row *row, struct issuer *out_issuer, struct err *e) {
    struct cert *certificate = NULL;
    if (!cert_from_der(row->certificate.data, row->certificate.len, &certificate, e)) {
        (void)err_wrap(e, "the store's CA certificate \"%.100s\" is damaged", row->name);
        issuer_row_free(row);
        return false;
    }
    *out_issuer = (struct issuer){
        .row = row,
        .certificate = certificate,
        .ca = {.certificate = certificate,
               .base_url = row->base_url,
               .crl_shard_count = row->crl_shard_count,
               /* zlint's rules (of before BR 2.0.1) want the address in server certificates. */
               .has_ocsp = true},
    };
    return true;
}

static bool no_ca(struct err *e) {
    (void)err_set(e, ERR_OPS_CA_MISSING, "this store has no certificate authority");
    return err_hint(
        e, "it was made with --no-ca; \"padlock init --data OTHER\" makes a store with one");
}

bool ops_issuer_active(struct ops *ops, struct issuer *out_issuer, struct err *e) {
    struct issuer_row *row = NULL;
    if (!store_issuer_find_active(ops->store, &row, e)) {
        return false;
    }
    return row == NULL ? no_ca(e) : ops_issuer_from_row(row, out_issuer, e);
}

bool ops_issuer_get(struct ops *ops, const struct id *id, struct issuer *out_issuer,
                    struct err *e) {
    struct issuer_row *row = NULL;
    if (!store_issuer_get(ops->store, id, &row, e)) {
        return false;
    }
    return row == NULL ? no_ca(e) : ops_issuer_from_row(row, out_issuer, e);
}

static bool each_issuer(struct ops *ops, enum issuer_kind kind,
                        bool (*each)(void *, struct issuer_row *, struct err *), void *user,
                        struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(issuer_rows_clear) struct issuer_rows rows = {0};
        if (!store_issuer_list(ops->store, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (rows.items[i]->kind == kind && !each(user, rows.items[i], e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

static bool keep_id(void *user, struct issuer_row *row, struct err *e) {
    (void)e;
    struct id *kept = user;
    *kept = row->id; /* by age: the last is the newest */
    return true;
}

bool ops_root(struct ops *ops, struct issuer *out_issuer, struct err *e) {
    struct id id = {0};
    if (!each_issuer(ops, ISSUER_ROOT, keep_id, &id, e)) {
        return false;
    }
    return id_is_zero(&id) ? no_ca(e) : ops_issuer_get(ops, &id, out_issuer, e);
}

static bool add_certificate(void *user, struct issuer_row *row, struct err *e) {
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    return cert_from_der(row->certificate.data, row->certificate.len, &cert, e) &&
           cert_list_add(user, cert, e);
}

bool ops_ca_roots(struct ops *ops, struct cert_list *out, struct err *e) {
    return each_issuer(ops, ISSUER_ROOT, add_certificate, out, e);
}

bool ops_ca_certificates(struct ops *ops, struct cert_list *out, struct err *e) {
    return each_issuer(ops, ISSUER_ISSUING, add_certificate, out, e) && ops_ca_roots(ops, out, e);
}
