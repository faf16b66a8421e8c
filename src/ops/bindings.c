/* Bindings: planned first, with every conflict told before anything changes. */
#include "ops/bindings.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/hostname.h"
#include "codec/uri.h"
#include "ops/bind_set.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/sites.h"
#include "tls/policy_words.h"

#include <stdio.h>
#include <string.h>

enum { FINDINGS_MAX = 32 };

void bind_plan_clear(struct bind_plan *plan) {
    site_row_free(plan->site);
    cert_row_free(plan->cert);
    binding_row_free(plan->existing);
    policy_found_clear(&plan->policy);
    buf_clear(&plan->client_ca);
    list_clear(&plan->parts);
    list_clear(&plan->conflicts);
    list_clear(&plan->warnings);
    *plan = (struct bind_plan){0};
}

void binding_format(const struct binding_row *row, char out[96]) {
    bool is_ip6 = strchr(row->address, ':') != NULL;
    (void)snprintf(out, 96, "%s://%s%.46s%s:%u", row->scheme, is_ip6 ? "[" : "", row->address,
                   is_ip6 ? "]" : "", row->port);
}

static bool parse_url(const char *url, char scheme[8], char address[64], unsigned *out_port,
                      struct err *e) {
    struct uri uri;
    if (!uri_parse(url, &uri, e)) {
        return err_hint(
            e,
            "write https://ADDRESS:PORT, for example https://127.0.0.1:8443 or https://[::]:443");
    }
    bool has_path = uri.path[0] != '\0' && !str_equal(uri.path, "/");
    if (uri.ip.len == 0 || has_path || uri.port == 0) {
        (void)err_set(e, ERR_OPS_BIND_URL, "\"%.200s\" is not an address and port to listen on",
                      url);
        return err_hint(
            e,
            uri.ip.len == 0
                ? "write the address, and the name behind --host: https://0.0.0.0:443 --host %.100s"
                : "write https://ADDRESS:PORT without a path, not with %.100s",
            uri.ip.len == 0 ? uri.host : uri.path);
    }
    (void)str_copy(scheme, 8, uri.is_https ? "https" : "http");
    (void)str_copy(address, 64, uri.host);
    *out_port = uri.port;
    return true;
}

static bool add_conflict(struct bind_plan *plan, enum err_code code, const char *sentence,
                         struct err *e) {
    plan->conflict_code = plan->conflicts.count == 0 ? code : plan->conflict_code;
    return list_add_new(&plan->conflicts, sentence, e);
}

static bool check_dates(struct bind_plan *plan, const struct cert *cert, struct err *e) {
    const char *name = plan->cert->friendly_name;
    int64_t now_ms = clock_now_ms();
    char text[512];
    char day[11];
    if (cert->not_before_ms > now_ms) {
        clock_format_day(cert->not_before_ms, day);
        (void)snprintf(text, sizeof(text), "\"%.200s\" is not valid before %s", name, day);
        return add_conflict(plan, ERR_OPS_BIND_NOT_YET_VALID, text, e);
    }
    clock_format_day(cert->not_after_ms, day);
    if (cert->not_after_ms < now_ms) {
        (void)snprintf(text, sizeof(text), "\"%.200s\" expired on %s", name, day);
        return add_conflict(plan, ERR_OPS_BIND_EXPIRED, text, e);
    }
    return cert->not_after_ms >= now_ms + 7 * CLOCK_DAY_MS ||
           list_printf(&plan->warnings, e, "\"%.200s\" ends on %s already", name, day);
}

static bool check_revocation(struct ops *ops, struct bind_plan *plan, const struct cert *cert,
                             struct err *e) {
    PL_AUTO(issued_row_freep) struct issued_row *issued = NULL;
    char text[512];
    char day[11];
    if (!ops_cert_issued(ops, cert, &issued, e)) {
        return false;
    }
    if (issued == NULL || issued->state != ISSUED_REVOKED) {
        return true;
    }
    clock_format_day(issued->revoked_ms, day);
    (void)snprintf(text, sizeof(text), "\"%.200s\" was revoked on %s", plan->cert->friendly_name,
                   day);
    return add_conflict(plan, ERR_OPS_BIND_REVOKED, text, e);
}

static bool check_names(struct bind_plan *plan, const struct cert *cert, struct err *e) {
    if (plan->host[0] == '\0' || cert_covers_host(cert, plan->host) ||
        san_list_has(&cert->sans, SAN_DNS, plan->host)) {
        return true;
    }
    char text[512];
    PL_AUTO(mem_freep) char *names = NULL;
    if (!san_list_format(&cert->sans, &names, e)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "the name %.150s is not among the certificate's: %.250s",
                   plan->host, names);
    return add_conflict(plan, ERR_OPS_BIND_NAME, text, e);
}

static bool check_certificate(struct ops *ops, struct bind_plan *plan, struct err *e) {
    char text[512];
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!ops_cert_read(plan->cert, &cert, e)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "\"%.200s\" has no private key in this store",
                   plan->cert->friendly_name);
    bool is_told =
        !id_is_zero(&plan->cert->key_id) || add_conflict(plan, ERR_OPS_BIND_NO_KEY, text, e);
    return is_told && check_dates(plan, cert, e) && check_revocation(ops, plan, cert, e) &&
           check_names(plan, cert, e);
}

/* The row's place for a certificate of this key type. */
static struct id *place_for(struct binding_row *row, const struct cert_row *cert) {
    struct key_spec spec = {0};
    return key_spec_parse(cert->key_spec, &spec, NULL) ? binding_cert_id(row, spec.family) : NULL;
}

/* The same endpoint and host: another key type of the same site is added to it, all else clashes.
 */
static bool check_same(struct ops *ops, struct bind_plan *plan, struct err *e) {
    struct binding_row *same = NULL;
    char text[512];
    if (!store_binding_find_endpoint(ops->store, plan->scheme, plan->address, plan->row.port,
                                     plan->host, &same, e)) {
        return false;
    }
    if (same == NULL) {
        return true;
    }
    struct id *place = plan->cert == NULL ? NULL : place_for(same, plan->cert);
    bool is_extension =
        place != NULL && id_is_zero(place) && id_equal(&same->site_id, &plan->site->id);
    if (is_extension) {
        plan->existing = same;
        return true;
    }
    PL_AUTO(site_row_freep) struct site_row *site = NULL;
    bool ok = store_site_get(ops->store, &same->site_id, &site, e);
    bool is_same_cert = place != NULL && id_equal(place, &plan->cert->id);
    (void)snprintf(text, sizeof(text), "%s://%s:%u %s is bound already, to the site \"%.100s\"%s",
                   plan->scheme, plan->address, plan->row.port,
                   plan->host[0] == '\0' ? "(no host)" : plan->host,
                   site == NULL ? "?" : site->name, is_same_cert ? " with this certificate" : "");
    binding_row_free(same);
    return ok && add_conflict(plan, ERR_OPS_BIND_EXISTS, text, e);
}

static bool check_neighbour(struct bind_plan *plan, const struct binding_row *other,
                            struct err *e) {
    char text[512];
    if (!str_equal(other->scheme, plan->scheme)) {
        (void)snprintf(text, sizeof(text), "port %u of %s speaks %s already", other->port,
                       other->address, other->scheme);
        return add_conflict(plan, ERR_OPS_BIND_SCHEME, text, e);
    }
    if (other->is_proxied != plan->row.is_proxied && str_equal(other->address, plan->row.address)) {
        (void)snprintf(text, sizeof(text),
                       "connections to port %u of %s begin with%s PROXY header, by another binding",
                       other->port, other->address, other->is_proxied ? " a" : "out a");
        return add_conflict(plan, ERR_OPS_BIND_PROXY, text, e);
    }
    bool is_services = plan->row.parts.count > 0;
    if (is_services != (other->parts.count > 0) && str_equal(other->address, plan->row.address)) {
        (void)snprintf(text, sizeof(text), "port %u of %s serves %s already: they share no address",
                       other->port, other->address, is_services ? "a site" : "the services");
        return add_conflict(plan, ERR_OPS_BIND_SERVICES, text, e);
    }
    if (other->is_strict != plan->row.is_strict) {
        return list_printf(
            &plan->warnings, e,
            "%s port %u is%s strict by another binding; one strict binding makes it so",
            other->address, other->port, other->is_strict ? "" : " not");
    }
    if (plan->host[0] == '\0' && other->host[0] != '\0') {
        return list_printf(&plan->warnings, e,
                           "clients that ask for %.200s get that name's own binding", other->host);
    }
    if (plan->host[0] != '\0' && other->host[0] == '\0') {
        return list_printf(&plan->warnings, e, "%.200s overrides the binding without a host there",
                           plan->host);
    }
    return true;
}

/*
 * The first bindings at that port, and at that address unless it is NULL. By host: that order is in
 * the index of addresses and ports, so that no others are read.
 */
static bool list_at(struct ops *ops, const struct bind_plan *plan, const char *address,
                    struct binding_rows *out, struct err *e) {
    const struct binding_filter filter = {.address = address, .port = plan->row.port};
    const struct page page = {.limit = FINDINGS_MAX};
    return store_binding_list(ops->store, &filter, BINDING_SORT_HOST, &page, out, e);
}

static bool check_neighbours(struct ops *ops, struct bind_plan *plan, struct err *e) {
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!list_at(ops, plan, plan->address, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        bool is_itself = str_equal(rows.items[i]->host, plan->host) &&
                         str_equal(rows.items[i]->scheme, plan->scheme);
        bool has_room = plan->warnings.count + 2 < plan->warnings.max;
        if (!is_itself && has_room && !check_neighbour(plan, rows.items[i], e)) {
            return false;
        }
    }
    return true;
}

/* 0.0.0.0 and 127.0.0.1 on one port: the system gives it only to one listener. */
static bool check_overlap(struct ops *ops, struct bind_plan *plan, struct err *e) {
    bool is_ipv6 = strchr(plan->address, ':') != NULL;
    const char *everywhere = is_ipv6 ? "::" : "0.0.0.0";
    bool is_everywhere = str_equal(plan->address, everywhere);
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!list_at(ops, plan, is_everywhere ? NULL : everywhere, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        const char *other = rows.items[i]->address;
        if (!str_equal(other, plan->address) && is_ipv6 == (strchr(other, ':') != NULL)) {
            char text[512];
            (void)snprintf(text, sizeof(text),
                           "port %u is bound at %s: nobody else can listen at %s then",
                           plan->row.port, other, plan->address);
            return add_conflict(plan, ERR_OPS_BIND_OVERLAP, text, e);
        }
    }
    return true;
}

static bool resolve(struct ops *ops, const struct bind_wish *wish, struct bind_plan *plan,
                    struct err *e) {
    if (!parse_url(wish->url, plan->scheme, plan->address, &plan->row.port, e) ||
        (wish->host != NULL && wish->host[0] != '\0' &&
         !hostname_pattern_from_typed(wish->host, plan->host, e)) ||
        !ops_site_pick(ops, wish->site, &plan->site, e)) {
        return false;
    }
    plan->row.scheme = plan->scheme;
    if (!bind_choose_parts(plan->site, wish->parts, &plan->row, &plan->parts, e)) {
        return false;
    }
    bool is_https = str_equal(plan->scheme, "https");
    if (is_https != (wish->cert != NULL)) {
        return err_set(e, ERR_OPS_BIND_URL,
                       is_https ? "an https binding needs a certificate (--cert)"
                                : "an http binding has no certificate");
    }
    if (!is_https) {
        plan->row.tls_policy = "";
        return wish->client_auth == CLIENT_AUTH_NONE ||
               err_set(e, ERR_OPS_BIND_CLIENT_AUTH, "http has no client certificates");
    }
    plan->row.client_auth = wish->client_auth;
    return bind_choose_policy(ops, wish->tls_policy, &plan->row, &plan->policy, e) &&
           bind_choose_client_ca(ops, wish->client_ca, &plan->row, &plan->client_ca, e) &&
           ops_cert_pick(ops, wish->cert, &plan->cert, e);
}

/* A binding that is extended keeps its own policy, which must be able to use the new key too. */
static bool check_policy(struct ops *ops, const struct bind_wish *wish, struct bind_plan *plan,
                         struct err *e) {
    struct key_spec spec = {0};
    char text[512];
    if (plan->existing != NULL) {
        bool is_other = wish->tls_policy != NULL &&
                        !str_equal(plan->existing->tls_policy, plan->policy.policy->name);
        policy_found_clear(&plan->policy);
        plan->row.tls_policy = plan->existing->tls_policy;
        if (!ops_policy_pick(ops, plan->existing->tls_policy, &plan->policy, e) ||
            (is_other && !list_printf(&plan->warnings, e,
                                      "the binding keeps its TLS policy \"%s\"; \"padlock bind "
                                      "set\" changes it",
                                      plan->policy.policy->name))) {
            return false;
        }
    }
    if (!key_spec_parse(plan->cert->key_spec, &spec, NULL) ||
        tls_policy_serves(plan->policy.policy, spec.family, spec.bits)) {
        return true;
    }
    (void)snprintf(text, sizeof(text),
                   "the TLS policy \"%.63s\" has no suites and signatures for a %s key",
                   plan->policy.policy->name, plan->cert->key_spec);
    return add_conflict(plan, ERR_OPS_BIND_POLICY_KEY, text, e);
}

bool ops_bind_plan(struct ops *ops, const struct bind_wish *wish, struct bind_plan *out_plan,
                   struct err *e) {
    struct bind_plan *plan = out_plan;
    *plan = (struct bind_plan){0};
    list_init(&plan->conflicts, FINDINGS_MAX);
    list_init(&plan->warnings, FINDINGS_MAX);
    plan->row.is_strict = wish->is_strict;
    plan->row.is_proxied = wish->is_proxied;
    if (!resolve(ops, wish, plan, e)) {
        return false;
    }
    plan->row.site_id = plan->site->id;
    plan->row.address = plan->address;
    plan->row.host = plan->host;
    if (!check_same(ops, plan, e) || !check_neighbours(ops, plan, e) ||
        !check_overlap(ops, plan, e)) {
        return false;
    }
    return plan->cert == NULL ||
           (check_certificate(ops, plan, e) && check_policy(ops, wish, plan, e));
}

static bool suits(struct ops *ops, struct bind_plan *plan, struct err *e) {
    struct key_spec spec = {0};
    if (!check_certificate(ops, plan, e) ||
        !ops_policy_pick(ops, plan->row.tls_policy, &plan->policy, e)) {
        return false;
    }
    if (key_spec_parse(plan->cert->key_spec, &spec, NULL) &&
        !tls_policy_serves(plan->policy.policy, spec.family, spec.bits)) {
        return err_set(e, ERR_OPS_BIND_POLICY_KEY,
                       "the TLS policy \"%.63s\" has no suites and signatures for a %s key",
                       plan->policy.policy->name, plan->cert->key_spec);
    }
    return plan->conflicts.count == 0 ||
           err_set(e, plan->conflict_code, "%s", plan->conflicts.items[0]);
}

bool ops_bind_suits(struct ops *ops, const struct binding_row *row, struct cert_row *cert,
                    struct list *warnings, struct err *e) {
    PL_AUTO(bind_plan_clear) struct bind_plan plan = {.cert = cert, .row = *row};
    list_init(&plan.conflicts, FINDINGS_MAX);
    list_init(&plan.warnings, FINDINGS_MAX);
    (void)str_copy(plan.host, sizeof(plan.host), row->host);
    bool ok = suits(ops, &plan, e);
    for (size_t i = 0; i < plan.warnings.count && ok; i++) {
        ok = list_add_new(warnings, plan.warnings.items[i], e);
    }
    plan.cert = NULL; /* the caller's */
    return ok;
}

/* The certificate into its key type's place. */
static bool place_certificate(struct binding_row *row, const struct cert_row *cert, struct err *e) {
    struct id *place = place_for(row, cert);
    if (place == NULL) {
        return err_set(e, ERR_OPS_BIND_NO_KEY, "a %s key cannot serve TLS here", cert->key_spec);
    }
    *place = cert->id;
    return true;
}

static bool write_plan(struct ops *ops, struct bind_plan *plan, struct id *out_id, struct err *e) {
    struct binding_row *row = plan->existing != NULL ? plan->existing : &plan->row;
    if (plan->cert != NULL && !place_certificate(row, plan->cert, e)) {
        return false;
    }
    bool ok = plan->existing != NULL ? store_binding_update(ops->store, row, e)
                                     : store_binding_insert(ops->store, row, e);
    *out_id = row->id;
    return ok;
}

bool ops_bind_add(struct ops *ops, struct bind_plan *plan, struct binding_row **out_row,
                  struct err *e) {
    if (plan->conflicts.count > 0) {
        (void)err_set(e, plan->conflict_code, "%s", plan->conflicts.items[0]);
        return err_hint(
            e, "\"padlock bind list\" shows what is bound, \"padlock bind check\" every reason");
    }
    if (plan->cert != NULL && !ops_cert_test_key(ops, plan->cert, e)) {
        return err_wrap(e, "the test signature with the key of \"%.200s\" failed",
                        plan->cert->friendly_name);
    }
    char place[96];
    char title[OPERATION_TITLE_MAX];
    struct id id;
    binding_format(&plan->row, place);
    (void)snprintf(title, sizeof(title), "bind add %s %s %s", plan->site->name, place, plan->host);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && write_plan(ops, plan, &id, e) &&
           ops_audit(ops, "bind.add", "binding", &id, title, e) &&
           store_binding_get(ops->store, &id, out_row, e) && ops_end(ops, &op, e);
}

static bool none_there(const char *text, struct err *e) {
    (void)err_set(e, ERR_OPS_BIND_MISSING, "there is no binding \"%.200s\"", text);
    return err_hint(e, "\"padlock bind list\" shows all, with their ids");
}

static bool pick_endpoint(struct ops *ops, const char *text, const char *host,
                          struct binding_row **out_row, struct err *e) {
    char scheme[8];
    char address[64];
    unsigned port = 0;
    if (!parse_url(text, scheme, address, &port, e)) {
        return false;
    }
    const struct binding_filter filter = {.address = address, .port = port, .host = host};
    const struct page page = {.limit = 2};
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!store_binding_list(ops->store, &filter, BINDING_SORT_HOST, &page, &rows, e)) {
        return false;
    }
    if (rows.count == 0) {
        return none_there(text, e);
    }
    if (rows.count > 1) {
        (void)err_set(e, ERR_OPS_BIND_AMBIGUOUS, "several host names are bound at %.200s", text);
        return err_hint(e, "name one with --host, or by its id");
    }
    *out_row = PL_TAKE(rows.items[0]);
    return true;
}

bool ops_bind_pick(struct ops *ops, const char *text, const char *host,
                   struct binding_row **out_row, struct err *e) {
    if (strstr(text, "://") != NULL) {
        return pick_endpoint(ops, text, host, out_row, e);
    }
    PL_AUTO(binding_rows_clear) struct binding_rows found = {0};
    if (!store_binding_find(ops->store, text, &found, e)) {
        return false;
    }
    if (found.count == 0) {
        return none_there(text, e);
    }
    *out_row = PL_TAKE(found.items[0]);
    return true;
}

bool ops_bind_remove(struct ops *ops, struct binding_row *row, struct err *e) {
    char place[96];
    char title[OPERATION_TITLE_MAX];
    binding_format(row, place);
    (void)snprintf(title, sizeof(title), "bind remove %s %.300s", place, row->host);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && store_binding_delete(ops->store, row, e) &&
           ops_audit(ops, "bind.remove", "binding", &row->id, title, e) && ops_end(ops, &op, e);
}
