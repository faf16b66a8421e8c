/*
 * Bindings: scheme, address, port and host name to a site and its certificates, one per key type.
 * The common functions: store/row.h. Text for find: id.
 *
 * scheme, address, port and host are unique among live bindings; host "" is the endpoint's default.
 */
#ifndef PL_STORE_BINDINGS_H
#define PL_STORE_BINDINGS_H

#include "pki/key.h"
#include "store/store.h"

enum client_auth { CLIENT_AUTH_NONE, CLIENT_AUTH_OPTIONAL, CLIENT_AUTH_REQUIRED };
const char *client_auth_text(enum client_auth auth); /* "none", "optional", "required" */

struct binding_row {
    STORE_ROW_HEAD;
    struct id site_id;
    const char *scheme;      /* "https", "http" */
    const char *address;     /* canonical text of an IPv4 or IPv6 address, without brackets */
    unsigned port;           /* 1…65535 */
    const char *host;        /* lower case, A-labels, "*." allowed; "" for none */
    bool is_proxied;         /* connections to this endpoint begin with a PROXY header */
    bool is_strict;          /* names that no binding has are refused on this endpoint */
    const char *tls_policy;  /* "intermediate"; "" for http */
    struct id tls_policy_id; /* of a policy of one's own; zero: a built-in one */
    enum client_auth client_auth;
    struct bytes client_ca; /* certificates in DER, one after the other; none: the own CA's */
    struct texts parts;     /* of the services site: "console", "api" …; empty for others */
    struct id rsa_cert_id;  /* zero: none of that key type */
    struct id ec_cert_id;
    struct id ed25519_cert_id;
};
struct binding_rows {
    struct binding_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void binding_row_free(struct binding_row *row);
PL_DEFINE_FREEP(binding_row_freep, struct binding_row, binding_row_free)
void binding_rows_clear(struct binding_rows *rows);

bool store_binding_insert(struct store *store, struct binding_row *row, struct err *e) PL_MUST_USE;
bool store_binding_get(struct store *store, const struct id *id, struct binding_row **out_row,
                       struct err *e) PL_MUST_USE;
bool store_binding_update(struct store *store, struct binding_row *row, struct err *e) PL_MUST_USE;
bool store_binding_delete(struct store *store, struct binding_row *row, struct err *e) PL_MUST_USE;
bool store_binding_find(struct store *store, const char *text, struct binding_rows *out,
                        struct err *e) PL_MUST_USE;
/*
 * Where the row keeps the certificate of that key family; NULL for KEY_OTHER. Borrowed from the
 * row.
 */
struct id *binding_cert_id(struct binding_row *row, enum key_family family);

/* The live binding with this key; NULL when there is none. */
bool store_binding_find_endpoint(struct store *store, const char *scheme, const char *address,
                                 unsigned port, const char *host, struct binding_row **out_row,
                                 struct err *e) PL_MUST_USE;

enum binding_sort { BINDING_SORT_AGE, BINDING_SORT_HOST };

struct binding_filter {
    const struct id *site_id;
    const struct id *cert_id; /* bound with this certificate */
    const char *tls_policy;   /* its name */
    const char *host;
    const char *address; /* with port: one endpoint */
    unsigned port;       /* 0: any */
};
/* Filters are joined by AND; NULL or 0 leaves one out. */
bool store_binding_list(struct store *store, const struct binding_filter *filter,
                        enum binding_sort sort, const struct page *page, struct binding_rows *out,
                        struct err *e) PL_MUST_USE;

#endif
