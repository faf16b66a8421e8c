/* The inventory: looks kept, and held against what is stored. */
#include "ops/inventory.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "ops/served.h"
#include "pki/cert.h"

#include <stdio.h>
#include <string.h>

enum { BINDINGS_PAGE = 500 };

/* --- looks ---------------------------------------------------------------------------------------
 */

/* Fields of the certificate, as the row borrows them. */
static void take_certificate(const struct cert *cert, const struct inventory_look *look,
                             struct sighting_row *row) {
    memcpy(row->sha256, cert->sha256, sizeof(row->sha256));
    row->subject = cert_display_name(cert);
    row->issuer = cert_issuer_display_name(cert);
    row->not_after_ms = cert->not_after_ms;
    row->seen_ms = look->tried_ms;
    row->der = (struct bytes){look->der, look->der_len};
}

static bool note(struct ops *ops, const struct inventory_look *look, struct err *e) {
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    PL_AUTO(sighting_row_freep) struct sighting_row *before = NULL;
    struct sighting_row fresh = {.listener = look->listener};
    if ((look->der != NULL && !cert_from_der(look->der, look->der_len, &cert, e)) ||
        !store_sighting_find_listener(ops->store, look->listener, &before, e)) {
        return false;
    }
    struct sighting_row *row = before == NULL ? &fresh : before;
    row->address = look->address;
    row->port = look->port;
    row->host = look->host;
    row->tried_ms = look->tried_ms;
    sighting_set_state(row, look->state);
    row->fault = look->fault;
    if (cert != NULL) {
        take_certificate(cert, look, row);
    }
    return before == NULL ? store_sighting_insert(ops->store, row, e)
                          : store_sighting_update(ops->store, row, e);
}

bool ops_inventory_note(struct ops *ops, const struct inventory_look *looks, size_t count,
                        struct err *e) {
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "scan --inventory: %zu listeners", count);
    PL_AUTO(operation_rollback) struct operation op = {0};
    bool ok = ops_begin(ops, &op, title, false, e);
    for (size_t i = 0; ok && i < count; i++) {
        ok = note(ops, &looks[i], e) || err_wrap(e, "the look at %.200s", looks[i].listener);
    }
    return ok && ops_audit(ops, "inventory.note", "listeners", NULL, title, e) &&
           ops_end(ops, &op, e);
}

bool ops_inventory_forget(struct ops *ops, const char *listener, bool *out_was_there,
                          struct err *e) {
    PL_AUTO(sighting_row_freep) struct sighting_row *row = NULL;
    char title[OPERATION_TITLE_MAX];
    if (!store_sighting_find_listener(ops->store, listener, &row, e)) {
        return false;
    }
    *out_was_there = row != NULL;
    if (row == NULL) {
        return true;
    }
    (void)snprintf(title, sizeof(title), "inventory forget %.300s", listener);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && store_sighting_delete(ops->store, row, e) &&
           ops_audit(ops, "inventory.forget", "listener", &row->id, title, e) &&
           ops_end(ops, &op, e);
}

/* --- lanes ---------------------------------------------------------------------------------------
 */

const char *inventory_lane_text(enum inventory_lane lane) {
    static const char *const words[] = {"same", "different", "unseen", "known", "foreign"};
    return words[lane];
}

void inventory_entry_clear(struct inventory_entry *entry) {
    binding_row_free(entry->binding);
    cert_row_free(entry->stored);
    cert_row_free(entry->served);
    *entry = (struct inventory_entry){.lane = INVENTORY_FOREIGN};
}

/* The binding that answers there: of the address itself, or of all addresses; of the name, of its
 * wildcard, or the default. */
static bool find_binding(struct ops *ops, const struct sighting_row *row,
                         struct binding_row **out_binding, struct err *e) {
    bool is_ip6 = strchr(row->address, ':') != NULL;
    const char *const addresses[] = {row->address, is_ip6 ? "::" : "0.0.0.0", "::"};
    const char *dot = strchr(row->host, '.');
    char wildcard[300];
    (void)snprintf(wildcard, sizeof(wildcard), "*%.280s", dot == NULL ? "" : dot);
    const char *const hosts[] = {row->host, dot == NULL ? row->host : wildcard, ""};
    for (size_t a = 0; a < PL_ARRAY_LEN(addresses); a++) {
        for (size_t h = 0; h < PL_ARRAY_LEN(hosts); h++) {
            if (!store_binding_find_endpoint(ops->store, "https", addresses[a], row->port, hosts[h],
                                             out_binding, e)) {
                return false;
            }
            if (*out_binding != NULL) {
                return true;
            }
        }
    }
    return true;
}

/* The binding's certificate: the one that was seen, else the one it has. */
static bool find_stored(struct ops *ops, struct inventory_entry *entry, struct err *e) {
    static const enum key_family families[] = {KEY_EC, KEY_RSA, KEY_ED25519};
    for (size_t i = 0; i < PL_ARRAY_LEN(families); i++) {
        const struct id *id = binding_cert_id(entry->binding, families[i]);
        PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
        if (id_is_zero(id)) {
            continue;
        }
        if (!store_cert_get(ops->store, id, &row, e)) {
            return false;
        }
        bool is_served =
            row != NULL && entry->served != NULL && id_equal(&row->id, &entry->served->id);
        if (row != NULL && (entry->stored == NULL || is_served)) {
            cert_row_free(entry->stored);
            entry->stored = PL_TAKE(row);
        }
        if (is_served) {
            entry->lane = INVENTORY_SAME;
        }
    }
    return true;
}

bool ops_inventory_compare(struct ops *ops, const struct sighting_row *row,
                           struct inventory_entry *out_entry, struct err *e) {
    *out_entry = (struct inventory_entry){.lane = INVENTORY_FOREIGN};
    if (row->not_after_ms != 0 &&
        !store_cert_find_sha256(ops->store, row->sha256, &out_entry->served, e)) {
        return false;
    }
    if (!find_binding(ops, row, &out_entry->binding, e)) {
        return false;
    }
    if (out_entry->binding == NULL) {
        out_entry->lane = out_entry->served != NULL ? INVENTORY_KNOWN : INVENTORY_FOREIGN;
        return true;
    }
    out_entry->lane = row->not_after_ms == 0 ? INVENTORY_UNSEEN : INVENTORY_DIFFERENT;
    return find_stored(ops, out_entry, e) &&
           ops_served_count(ops, &out_entry->servers, &out_entry->loaded, e);
}

/* --- the own listeners ---------------------------------------------------------------------------
 */

static bool add_own(const struct binding_row *row, struct buf *out, struct err *e) {
    bool is_ip6 = strchr(row->address, ':') != NULL;
    const char *address = str_equal(row->address, "0.0.0.0") ? "127.0.0.1"
                          : str_equal(row->address, "::")    ? "::1"
                                                             : row->address;
    /* A wildcard is asked for with a name that it covers. */
    const char *host = str_starts_with(row->host, "*.") ? row->host + 2 : row->host;
    const char *label = host == row->host ? "" : "padlock.";
    return buf_printf(out, e, is_ip6 ? "%s%s%s[%s]:%u\n" : "%s%s%s%s:%u\n", label, host,
                      host[0] == '\0' ? "" : "@", address, row->port);
}

bool ops_inventory_own(struct ops *ops, struct buf *out_targets, struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    static const struct binding_filter all;
    do {
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        const struct page page = {.limit = BINDINGS_PAGE, .after = after};
        if (!store_binding_list(ops->store, &all, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (str_equal(rows.items[i]->scheme, "https") && !rows.items[i]->is_proxied &&
                !add_own(rows.items[i], out_targets, e)) {
                return false;
            }
        }
        mem_free(after);
        after = NULL;
        if (rows.next != NULL && !mem_strdup(rows.next, &after, e)) {
            return false;
        }
    } while (after != NULL);
    return true;
}
