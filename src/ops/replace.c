/* Replacing a certificate where it is bound. */
#include "ops/replace.h"

#include "base/mem.h"
#include "ops/bindings.h"
#include "ops/certs.h"
#include "ops/context.h"

#include <stdio.h>

static struct id *place_of(struct binding_row *row, const struct cert_row *cert) {
    struct key_spec spec = {0};
    return key_spec_parse(cert->key_spec, &spec, NULL) ? binding_cert_id(row, spec.family) : NULL;
}

static bool replace_in(struct ops *ops, struct binding_row *row, const struct cert_row *from,
                       struct cert_row *to, struct list *warnings, struct err *e) {
    char place[96];
    binding_format(row, place);
    struct id *before = place_of(row, from);
    struct id *after = place_of(row, to);
    if (before == NULL || after == NULL) {
        return err_set(e, ERR_OPS_BIND_NO_KEY, "a %s key cannot serve TLS here", to->key_spec);
    }
    if (before != after && !id_is_zero(after)) {
        return err_set(e, ERR_OPS_BIND_TAKEN,
                       "%s %.200s has another certificate of that kind of key already", place,
                       row->host);
    }
    if (!ops_bind_suits(ops, row, to, warnings, e)) {
        return err_wrap(e, "it does not suit the binding %s %.200s", place, row->host);
    }
    *before = ID_NONE;
    *after = to->id;
    return store_binding_update(ops->store, row, e);
}

/* Rows leave the filter as they are changed: the first page is always the next one. */
static bool replace_all(struct ops *ops, const struct cert_row *from, struct cert_row *to,
                        struct list *warnings, size_t *out_count, struct err *e) {
    const struct binding_filter filter = {.cert_id = &from->id};
    const struct page page = {.limit = STORE_PAGE_MAX};
    for (;;) {
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        if (rows.count == 0) {
            return true;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!replace_in(ops, rows.items[i], from, to, warnings, e)) {
                return false;
            }
            (*out_count)++;
        }
    }
}

bool ops_cert_replace(struct ops *ops, struct cert_row *from, struct cert_row *to,
                      struct list *warnings, size_t *out_count, struct err *e) {
    char title[OPERATION_TITLE_MAX];
    *out_count = 0;
    if (id_equal(&from->id, &to->id)) {
        return err_set(e, ERR_OPS_CERT_SAME, "both are the same certificate");
    }
    if (!ops_cert_test_key(ops, to, e)) {
        return err_wrap(e, "the test signature with the key of \"%.200s\" failed",
                        to->friendly_name);
    }
    (void)snprintf(title, sizeof(title), "cert replace %.200s by %.200s", from->friendly_name,
                   to->friendly_name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    if (!ops_begin(ops, &op, title, true, e) ||
        !replace_all(ops, from, to, warnings, out_count, e)) {
        return false;
    }
    if (*out_count == 0) {
        (void)err_set(e, ERR_OPS_CERT_UNBOUND, "\"%.200s\" is not bound anywhere",
                      from->friendly_name);
        return err_hint(e, "\"padlock bind add\" binds \"%.200s\"", to->friendly_name);
    }
    return ops_audit(ops, "cert.replace", "cert", &from->id, title, e) && ops_end(ops, &op, e);
}
