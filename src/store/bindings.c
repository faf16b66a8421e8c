/* Bindings. */
#include "store/bindings.h"

#include "base/str.h"
#include "store/aggregate.h"
#include "store/certs.h"

static const char *const client_auth_words[] = {"none", "optional", "required"};

const char *client_auth_text(enum client_auth auth) {
    return client_auth_words[auth];
}

static const struct column columns[] = {
    HEAD_COLUMNS(binding_row),
    COLUMN(binding_row, site_id, COLUMN_ID),
    COLUMN(binding_row, scheme, COLUMN_TEXT),
    COLUMN(binding_row, address, COLUMN_TEXT),
    COLUMN(binding_row, port, COLUMN_UNSIGNED),
    COLUMN(binding_row, host, COLUMN_TEXT),
    COLUMN(binding_row, is_strict, COLUMN_BOOL),
    COLUMN(binding_row, is_proxied, COLUMN_BOOL),
    COLUMN(binding_row, tls_policy, COLUMN_TEXT),
    COLUMN(binding_row, tls_policy_id, COLUMN_ID_OPTIONAL),
    COLUMN_OF_WORDS(binding_row, client_auth, client_auth_words),
    COLUMN(binding_row, client_ca, COLUMN_BYTES_OPTIONAL),
    COLUMN(binding_row, parts, COLUMN_TEXTS),
    COLUMN(binding_row, rsa_cert_id, COLUMN_ID_OPTIONAL),
    COLUMN(binding_row, ec_cert_id, COLUMN_ID_OPTIONAL),
    COLUMN(binding_row, ed25519_cert_id, COLUMN_ID_OPTIONAL),
};

const struct table bindings_table = {
    .name = "bindings",
    .noun = "binding",
    .taken = "this address, port and host name are already bound",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct binding_row),
};

DEFINE_ROWS(binding, bindings_table)
DEFINE_GET(binding, bindings_table)
DEFINE_FIND_ID(binding, bindings_table)
DEFINE_WRITE(binding, insert, bindings_table)
DEFINE_WRITE(binding, update, bindings_table)
DEFINE_WRITE(binding, delete, bindings_table)

struct id *binding_cert_id(struct binding_row *row, enum key_family family) {
    switch (family) {
    case KEY_RSA:
        return &row->rsa_cert_id;
    case KEY_EC:
        return &row->ec_cert_id;
    case KEY_ED25519:
        return &row->ed25519_cert_id;
    case KEY_OTHER:
        return NULL;
    }
    PL_BUG_UNLESS(false);
}

bool store_binding_find_endpoint(struct store *store, const char *scheme, const char *address,
                                 unsigned port, const char *host, struct binding_row **out_row,
                                 struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &bindings_table, e);
    query_where(&q, QUERY_LOOKED_UP, "scheme", "=");
    query_text(&q, scheme);
    query_where(&q, QUERY_LOOKED_UP, "address", "=");
    query_text(&q, address);
    query_where(&q, QUERY_LOOKED_UP, "port", "=");
    query_int64(&q, port);
    query_where(&q, QUERY_LOOKED_UP, "host", "=");
    query_text(&q, host);
    return binding_one(&q, store, out_row, e);
}

/* --- lists ---------------------------------------------------------------------------------------
 */

/* A certificate is in the column of its own key family; which one that is, its row says. */
static bool cert_column(struct store *store, const struct id *cert_id, const char **out_column,
                        struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *cert = NULL;
    if (!store_cert_get(store, cert_id, &cert, e)) {
        return false;
    }
    bool is_rsa = cert != NULL && str_starts_with(cert->key_spec, "rsa:");
    bool is_ed25519 = cert != NULL && str_equal(cert->key_spec, "ed25519");
    *out_column = is_rsa ? "rsa_cert_id" : is_ed25519 ? "ed25519_cert_id" : "ec_cert_id";
    return true;
}

static enum query_use use_first(bool *is_free) {
    enum query_use use = *is_free ? QUERY_LOOKED_UP : QUERY_TESTED;
    *is_free = false;
    return use;
}

static bool put_cert(struct query *q, struct store *store, const struct id *cert_id,
                     enum query_use use, struct err *e) {
    const char *column = NULL;
    if (!cert_column(store, cert_id, &column, e)) {
        return false;
    }
    query_where(q, use, column, "=");
    query_id(q, cert_id);
    return true;
}

/* One condition is looked up, with the order after it in its index; the others are tested. */
static bool put_conditions(struct query *q, struct store *store,
                           const struct binding_filter *filter, enum binding_sort sort,
                           struct err *e) {
    bool by_host = sort == BINDING_SORT_HOST;
    bool is_free = true;
    if (filter->cert_id != NULL) {
        enum query_use use = by_host ? QUERY_TESTED : use_first(&is_free);
        if (!put_cert(q, store, filter->cert_id, use, e)) {
            return false;
        }
    }
    if (filter->tls_policy != NULL) {
        query_where(q, by_host ? QUERY_TESTED : use_first(&is_free), "tls_policy", "=");
        query_text(q, filter->tls_policy);
    }
    if (filter->site_id != NULL) {
        query_where(q, use_first(&is_free), "site_id", "=");
        query_id(q, filter->site_id);
    }
    if (filter->host != NULL) {
        query_where(q, use_first(&is_free), "host", "=");
        query_text(q, filter->host);
    }
    bool is_endpoint = filter->address != NULL && filter->port != 0;
    enum query_use use = by_host && is_endpoint ? use_first(&is_free) : QUERY_TESTED;
    if (filter->address != NULL) {
        query_where(q, use, "address", "=");
        query_text(q, filter->address);
    }
    if (filter->port != 0) {
        query_where(q, use, "port", "=");
        query_int64(q, filter->port);
    }
    return true;
}

bool store_binding_list(struct store *store, const struct binding_filter *filter,
                        enum binding_sort sort, const struct page *page, struct binding_rows *out,
                        struct err *e) {
    static const struct binding_filter none = {0};
    const struct listing listing = {.table = &bindings_table,
                                    .from = "bindings t",
                                    .alias = "t",
                                    .id_column = "id",
                                    .key = sort == BINDING_SORT_HOST ? "host" : NULL};
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &bindings_table, e);
    return put_conditions(&q, store, filter == NULL ? &none : filter, sort, e) &&
           binding_page(&q, store, &listing, page, out, e);
}
