/* Installed certificates. */
#include "ops/certs.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "pki/chain.h"
#include "store/bindings.h"
#include "store/chains.h"

#include <stdio.h>
#include <string.h>

/* Better to serve with: has its key, then ends later. */
static bool is_better(const struct cert_row *candidate, const struct cert_row *kept) {
    bool has_key = !id_is_zero(&candidate->key_id);
    bool kept_has_key = !id_is_zero(&kept->key_id);
    return has_key != kept_has_key ? has_key : candidate->not_after_ms > kept->not_after_ms;
}

bool ops_cert_pick(struct ops *ops, const char *text, struct cert_row **out_row, struct err *e) {
    PL_AUTO(cert_rows_clear) struct cert_rows found = {0};
    if (!store_cert_find(ops->store, text, &found, e)) {
        return false;
    }
    if (found.count == 0) {
        (void)err_set(e, ERR_OPS_CERT_MISSING, "there is no certificate \"%.200s\"", text);
        return err_hint(e, "\"padlock cert list\" shows all, with their ids");
    }
    size_t best = 0;
    for (size_t i = 1; i < found.count; i++) {
        best = is_better(found.items[i], found.items[best]) ? i : best;
    }
    *out_row = PL_TAKE(found.items[best]);
    return true;
}

bool ops_cert_read(const struct cert_row *row, struct cert **out_cert, struct err *e) {
    return cert_from_der(row->der.data, row->der.len, out_cert, e) ||
           err_wrap(e, "the stored certificate \"%.100s\" is damaged", row->friendly_name);
}

static bool add_intermediates(const struct intermediate_rows *rows, struct cert_list *out,
                              struct err *e) {
    for (size_t i = 0; i < rows->count; i++) {
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        if (!cert_from_der(rows->items[i]->der.data, rows->items[i]->der.len, &cert, e) ||
            !cert_list_add(out, cert, e)) {
            return false;
        }
    }
    return true;
}

bool ops_cert_chain(struct ops *ops, const struct id *cert_id, struct cert_list *out,
                    struct err *e) {
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows rows = {0};
    return store_chain_get(ops->store, cert_id, &rows, e) && add_intermediates(&rows, out, e);
}

/* Calls each for every live binding with the certificate. */
static bool each_binding(struct ops *ops, const struct id *cert_id,
                         bool (*each)(struct ops *, void *, struct binding_row *, struct err *),
                         void *user, struct err *e) {
    const struct binding_filter filter = {.cert_id = cert_id};
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!each(ops, user, rows.items[i], e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

static bool add_place(struct ops *ops, void *user, struct binding_row *row, struct err *e) {
    (void)ops;
    bool is_ip6 = strchr(row->address, ':') != NULL;
    return list_printf(user, e, "%s://%s%s%s:%u%s%s", row->scheme, is_ip6 ? "[" : "", row->address,
                       is_ip6 ? "]" : "", row->port, row->host[0] == '\0' ? "" : " ", row->host);
}

bool ops_cert_bound_at(struct ops *ops, const struct id *cert_id, struct list *out, struct err *e) {
    return each_binding(ops, cert_id, add_place, out, e);
}

bool ops_cert_test_key(struct ops *ops, const struct cert_row *row, struct err *e) {
    struct keys *keys = NULL;
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (id_is_zero(&row->key_id)) {
        (void)err_set(e, ERR_PKI_KEY_MISSING, "its private key is not in this store");
        return err_hint(e, "import the .pfx that has the key, or request a new certificate here");
    }
    return ops_cert_read(row, &cert, e) && ops_keys(ops, &keys, e) &&
           ops_key_load(ops, &row->key_id, &key, e) && keys_test(keys, &key, cert, e);
}

/* Takes the certificate out of a binding; a binding without any is deleted. */
static bool unbind(struct ops *ops, void *user, struct binding_row *row, struct err *e) {
    const struct id *cert_id = user;
    struct id *places[] = {&row->rsa_cert_id, &row->ec_cert_id, &row->ed25519_cert_id};
    bool is_empty = true;
    for (size_t i = 0; i < PL_ARRAY_LEN(places); i++) {
        if (id_equal(places[i], cert_id)) {
            *places[i] = ID_NONE;
        }
        is_empty = is_empty && id_is_zero(places[i]);
    }
    return is_empty ? store_binding_delete(ops->store, row, e)
                    : store_binding_update(ops->store, row, e);
}

static bool refuse_bound(struct ops *ops, const struct id *cert_id, struct err *e) {
    PL_AUTO(list_clear) struct list places;
    list_init(&places, 4 * 1000 * 1000);
    if (!ops_cert_bound_at(ops, cert_id, &places, e)) {
        return false;
    }
    if (places.count == 0) {
        return true;
    }
    (void)err_set(e, ERR_OPS_CERT_BOUND, "it is bound at %.150s%s", places.items[0],
                  places.count > 1 ? " and elsewhere" : "");
    return err_hint(e, "bind another certificate there first, or delete it with --unbind");
}

/* With its certificate gone, a key that came with it (import) or waits for nothing has no use. */
static bool delete_lonely_key(struct ops *ops, const struct cert_row *row, struct err *e) {
    const struct cert_filter filter = {.spki_sha256 = row->spki_sha256};
    const struct page page = {.limit = 1};
    PL_AUTO(cert_rows_clear) struct cert_rows others = {0};
    PL_AUTO(key_row_freep) struct key_row *key = NULL;
    if (id_is_zero(&row->key_id)) {
        return true;
    }
    if (!store_cert_list(ops->store, &filter, CERT_SORT_EXPIRY, &page, &others, e)) {
        return false;
    }
    return others.count > 0 ||
           (store_key_get(ops->store, &row->key_id, &key, e) &&
            (key == NULL || key->deleted_ms != 0 || store_key_delete(ops->store, key, e)));
}

bool ops_cert_delete(struct ops *ops, struct cert_row *row, bool is_unbound, struct err *e) {
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "cert delete %.400s", row->friendly_name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    struct id id = row->id;
    return ops_begin(ops, &op, title, true, e) &&
           (is_unbound ? each_binding(ops, &id, unbind, &id, e) : refuse_bound(ops, &id, e)) &&
           store_cert_delete(ops->store, row, e) && delete_lonely_key(ops, row, e) &&
           ops_audit(ops, "cert.delete", "cert", &id, row->friendly_name, e) &&
           ops_end(ops, &op, e);
}

bool ops_cert_rename(struct ops *ops, struct cert_row *row, const char *friendly_name,
                     struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    row->friendly_name = friendly_name;
    return ops_begin(ops, &op, "cert rename", true, e) && store_cert_update(ops->store, row, e) &&
           ops_audit(ops, "cert.rename", "cert", &row->id, friendly_name, e) &&
           ops_end(ops, &op, e);
}

/* Everything that might complete a chain: what came along, our CA, what the store has of its
 * issuer. */
static bool gather_pool(struct ops *ops, const struct cert_wish *wish, struct cert_list *pool,
                        struct err *e) {
    for (size_t i = 0; wish->pool != NULL && i < wish->pool->count; i++) {
        if (!cert_list_add(pool, wish->pool->items[i], e)) {
            return false;
        }
    }
    if (!ops_ca_certificates(ops, pool, e)) {
        return false;
    }
    const struct page page = {.limit = STORE_PAGE_MAX};
    PL_AUTO(intermediate_rows_clear) struct intermediate_rows known = {0};
    return store_intermediate_list(ops->store, &page, &known, e) &&
           add_intermediates(&known, pool, e);
}

static bool put_intermediate(struct ops *ops, const struct cert *cert, struct id *out_id,
                             struct err *e) {
    struct intermediate_row row = {
        .subject = cert->subject_text,
        .issuer = cert->issuer_text,
        .not_before_ms = cert->not_before_ms,
        .not_after_ms = cert->not_after_ms,
        .der = {cert->der, cert->der_len},
    };
    memcpy(row.sha256, cert->sha256, sizeof(row.sha256));
    memcpy(row.spki_sha256, cert->spki_sha256, sizeof(row.spki_sha256));
    bool ok = store_intermediate_put(ops->store, &row, e);
    *out_id = row.id;
    return ok;
}

static bool set_chain(struct ops *ops, const struct cert_wish *wish, const struct id *cert_id,
                      struct list *notes, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list pool = {0};
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    struct id ids[CHAIN_LENGTH_MAX];
    size_t count = 0;
    if (!gather_pool(ops, wish, &pool, e) ||
        !chain_build(wish->certificate, &pool, clock_now_ms(), &chain, e)) {
        return false;
    }
    for (size_t i = 1; i < chain.count && count < CHAIN_LENGTH_MAX; i++) {
        if (!put_intermediate(ops, chain.items[i], &ids[count], e)) {
            return false;
        }
        count++;
    }
    if (!chain_is_complete(&chain) && !wish->certificate->is_self_signed &&
        !list_printf(
            notes, e,
            "the chain ends before a root: the certificate of \"%.200s\" is not known here",
            chain.items[chain.count - 1]->issuer_text)) {
        return false;
    }
    return store_chain_set(ops->store, cert_id, ids, count, e);
}

static bool fill_names(const struct cert *cert, struct list *names, struct err *e) {
    list_init(names, SAN_MAX);
    for (size_t i = 0; i < cert->sans.count; i++) {
        char text[SAN_TEXT_MAX];
        (void)str_copy(text, sizeof(text), cert->sans.items[i].text);
        str_lower(text);
        if (!list_add(names, text, e)) {
            return false;
        }
    }
    return true;
}

bool ops_cert_insert(struct ops *ops, const struct cert_wish *wish, struct id *out_id,
                     struct list *notes, struct err *e) {
    const struct cert *cert = wish->certificate;
    char spec[KEY_SPEC_TEXT];
    key_spec_format(&cert->key_spec, spec);
    PL_AUTO(list_clear) struct list names = {0};
    if (!fill_names(cert, &names, e)) {
        return false;
    }
    struct cert_row row = {
        .friendly_name =
            wish->friendly_name != NULL ? wish->friendly_name : cert_display_name(cert),
        .key_id = wish->key_id,
        .request_id = wish->request_id,
        .der = {cert->der, cert->der_len},
        .subject = cert->subject_text,
        .issuer = cert->issuer_text,
        .serial = cert->serial,
        .names = {names.items, names.count},
        .not_before_ms = cert->not_before_ms,
        .not_after_ms = cert->not_after_ms,
        .key_spec = spec,
        .is_ca = cert->is_ca,
    };
    memcpy(row.sha256, cert->sha256, sizeof(row.sha256));
    memcpy(row.spki_sha256, cert->spki_sha256, sizeof(row.spki_sha256));
    if (!store_cert_insert(ops->store, &row, e) || !set_chain(ops, wish, &row.id, notes, e)) {
        return false;
    }
    *out_id = row.id;
    return true;
}

/* --- the own CA's books --- */

static bool find_in_books(struct ops *ops, const struct cert *authority, const uint8_t *serial,
                          size_t len, struct issued_row **out_issued, struct err *e) {
    PL_AUTO(issuer_row_freep) struct issuer_row *issuer = NULL;
    char key_hash[CA_KEY_HASH_TEXT + 1];
    ca_key_hash_format(authority->spki_sha256, key_hash);
    return store_issuer_find_key_hash(ops->store, key_hash, &issuer, e) &&
           (issuer == NULL ||
            store_issued_find_serial(ops->store, &issuer->id, serial, len, out_issued, e));
}

bool ops_cert_issued(struct ops *ops, const struct cert *cert, struct issued_row **out_issued,
                     struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list authorities = {0};
    uint8_t serial[ISSUED_SERIAL_MAX];
    size_t digits = strlen(cert->serial);
    *out_issued = NULL;
    if (digits > 2 * sizeof(serial) || !hex_decode(cert->serial, digits, serial)) {
        return true; /* none of ours */
    }
    if (!ops_ca_certificates(ops, &authorities, e)) {
        return false;
    }
    for (size_t i = 0; i < authorities.count; i++) {
        if (cert_is_issued_by(cert, authorities.items[i])) {
            return find_in_books(ops, authorities.items[i], serial, digits / 2, out_issued, e);
        }
    }
    return true;
}
