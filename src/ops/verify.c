/* Verifying as a client would: what is presented, what is trusted, the five checks. */
#include "ops/verify.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/hostname.h"
#include "codec/ip.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/verify_material.h"
#include "pki/chain.h"
#include "store/certs.h"
#include "store/issued.h"
#include "store/requests.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>

enum { FETCHES_MAX = 64, HTTPS_PORT = 443 };

void verification_clear(struct verification *verification) {
    verdict_clear(&verification->verdict);
    panels_clear(&verification->panels);
    list_clear(&verification->drawings);
    list_clear(&verification->dane.lines);
    list_clear(&verification->fetches);
    ct_logs_free(verification->logs);
    buf_clear(&verification->ocsp_timestamps);
    tls_look_clear(&verification->look);
    *verification = (struct verification){0};
}

/* "host", "host:port", "[::1]", "[::1]:port", "::1" */
static bool parse_target(const struct verify_wish *wish, char host[256], uint16_t *out_port,
                         struct err *e) {
    const char *target = wish->target;
    const char *colon = strrchr(target, ':');
    const char *bracket = strchr(target, ']');
    struct ip ip;
    uint64_t port = wish->usual_port == 0 ? HTTPS_PORT : wish->usual_port;
    bool is_bare_ip6 = ip_parse(target, &ip) && target[0] != '[';
    bool has_port = !is_bare_ip6 && colon != NULL && (bracket == NULL || colon == bracket + 1);
    size_t len = has_port ? (size_t)(colon - target) : strlen(target);
    if (target[0] == '[' && len >= 2 && target[len - 1] == ']') {
        target++;
        len -= 2;
    }
    if (len == 0 || len >= 256 ||
        (has_port && (!str_to_u64(colon + 1, UINT16_MAX, &port) || port == 0))) {
        (void)err_set(e, ERR_OPS_VERIFY_TARGET, "\"%.200s\" is neither a file nor HOST[:PORT]",
                      target);
        return err_hint(e, "write www.example.com, www.example.com:8443 or [::1]:8443");
    }
    memcpy(host, target, len);
    host[len] = '\0';
    *out_port = (uint16_t)port;
    return true;
}

bool verify_look(const struct verify_wish *wish, const char *name, struct tls_look *out,
                 struct err *e) {
    const struct ops_processes *processes = ops_processes_in_use();
    char host[256];
    struct look_wish ask = {.host = host,
                            .sni = name,
                            .starttls = wish->starttls == NULL ? "" : wish->starttls,
                            .timeout_ms = wish->timeout_ms};
    PL_BUG_UNLESS(processes->look != NULL);
    return parse_target(wish, host, &ask.port, e) && processes->look(&ask, out, e);
}

static bool look(const struct verify_wish *wish, struct verification *out, struct err *e) {
    char host[256];
    if (!parse_target(wish, host, &out->port, e)) {
        return false;
    }
    (void)str_copy(out->host, sizeof(out->host), wish->host == NULL ? host : wish->host);
    out->is_server = true;
    return verify_look(wish, out->host, &out->look, e);
}

/* What a server of ours would present. */
static bool gather_planned(struct ops *ops, const struct verify_wish *wish,
                           struct verification *out, struct err *e) {
    const struct cert_row *row = wish->planned;
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    (void)str_copy(out->host, sizeof(out->host), wish->host == NULL ? "" : wish->host);
    out->port = wish->planned_port;
    return cert_from_der(row->der.data, row->der.len, &cert, e) &&
           cert_list_add(&out->look.presented, cert, e) &&
           ops_cert_chain(ops, &row->id, &out->look.presented, e);
}

static bool gather_presented(struct ops *ops, const struct verify_wish *wish,
                             struct verification *out, struct err *e) {
    if (wish->planned != NULL) {
        return gather_planned(ops, wish, out, e);
    }
    if (!file_exists(wish->target)) {
        return look(wish, out, e);
    }
    (void)str_copy(out->host, sizeof(out->host), wish->host == NULL ? "" : wish->host);
    return verify_read_certificates(wish->target, wish->at_ms, &out->look.presented, e);
}

static bool explain(const struct verify_input *input, const struct verify_material *material,
                    struct verification *v, struct err *e) {
    const struct cert_list *chain = &v->verdict.chain;
    const struct cert *top = chain->items[chain->count - 1];
    if (!verify_is_public_root(material, top, &v->is_public, e)) {
        return false;
    }
    struct sct_list embedded = {.count = 0};
    const struct panel_input in = {.input = input,
                                   .verdict = &v->verdict,
                                   .timestamps = &v->timestamps,
                                   .logs_made_ms = v->logs == NULL ? 0 : ct_logs_made_ms(v->logs),
                                   .is_timestamps_broken =
                                       !sct_list_read_cert(&embedded, input->leaf),
                                   .stores = material->stores,
                                   .store_count = material->store_count,
                                   .is_public = v->is_public};
    return panels_make(&in, &v->panels, e);
}

static bool tell_browsers(const struct verify_input *input, const struct verify_wish *wish,
                          struct verification *v, struct err *e) {
    const struct browser_input in = {.input = input,
                                     .verdict = &v->verdict,
                                     .port = v->port,
                                     .is_public = v->is_public,
                                     .is_server = v->is_server,
                                     .has_staple = v->look.stapled.len > 0,
                                     .has_timestamps = v->timestamps.is_enough};
    list_init(&v->drawings, BROWSER_COUNT * BROWSER_DRAW_LINES_MAX);
    for (size_t i = 0; i < BROWSER_COUNT; i++) {
        browser_tell(&in, (enum browser)i, &v->views[i]);
        if (wish->has_drawings && !browser_draw(&in, &v->views[i], &v->drawings, e)) {
            return false;
        }
    }
    return true;
}

static bool verify_now(struct verify_input *input, const struct verify_material *material,
                       struct verification *v, struct err *e) {
    input->crls = material->crls;
    input->crl_count = material->crl_count;
    input->ocsp[0] = (struct verify_ocsp){
        .der = v->look.stapled.data, .len = v->look.stapled.len, .is_stapled = true};
    input->ocsp[1] =
        (struct verify_ocsp){.der = material->fetched_ocsp.data, .len = material->fetched_ocsp.len};
    verdict_clear(&v->verdict);
    return verify_certificate(input, &v->verdict, e);
}

/* Each issuer that was fetched may name the next one. */
static bool verify_and_fetch(struct verify_input *input, const struct verify_wish *wish,
                             struct verify_material *material, struct verification *v,
                             struct err *e) {
    bool is_more = wish->is_fetching;
    if (!verify_now(input, material, v, e)) {
        return false;
    }
    while (is_more) {
        if (!verify_fetch(input, &v->verdict, wish->timeout_ms, material, &v->fetches, &is_more,
                          e) ||
            !verify_now(input, material, v, e)) {
            return false;
        }
    }
    return true;
}

static bool judge(struct ops *ops, const struct verify_wish *wish, struct verify_material *material,
                  struct verification *v, struct err *e) {
    if (!gather_presented(ops, wish, v, e) || !verify_gather_material(ops, wish, material, e)) {
        return false;
    }
    (void)str_copy(v->trust, sizeof(v->trust), material->trust);
    struct verify_input input = {
        .leaf = v->is_server || wish->planned != NULL ? v->look.presented.items[0]
                                                      : chain_find_leaf(&v->look.presented, NULL),
        .presented = &v->look.presented,
        .issuers = &material->issuers,
        .anchors = &material->anchors,
        .known = &material->known,
        .host = v->host[0] == '\0' ? NULL : v->host,
        .at_ms = wish->at_ms,
    };
    list_init(&v->fetches, FETCHES_MAX);
    return verify_and_fetch(&input, wish, material, v, e) &&
           verify_timestamps(ops, wish, &input, v, e) && explain(&input, material, v, e) &&
           (!wish->is_dane || verify_dane(wish, &input, v, e)) && tell_browsers(&input, wish, v, e);
}

static void free_material(struct verify_material **material) {
    if (*material != NULL) {
        verify_material_clear(*material);
        mem_free(*material);
    }
}

bool ops_verify(struct ops *ops, const struct verify_wish *wish, struct verification *out,
                struct err *e) {
    void *memory = NULL;
    PL_AUTO(verification_clear) struct verification v = {0};
    if (!mem_alloc(sizeof(struct verify_material), &memory, e)) {
        return false;
    }
    PL_AUTO(free_material) struct verify_material *material = memory;
    if (!judge(ops, wish, material, &v, e)) {
        return false;
    }
    *out = v;
    v = (struct verification){0};
    return true;
}

static bool relate_key(struct ops *ops, const uint8_t spki_sha256[32], struct list *lines,
                       struct err *e) {
    PL_AUTO(key_row_freep) struct key_row *key = NULL;
    return store_key_find_spki(ops->store, spki_sha256, &key, e) &&
           list_printf(lines, e, "%s",
                       key == NULL ? "its private key is not in this store"
                                   : "its private key is in this store, sealed");
}

static bool relate_request(struct ops *ops, const uint8_t spki_sha256[32], struct list *lines,
                           struct err *e) {
    PL_AUTO(request_row_freep) struct request_row *request = NULL;
    char id[ID_SHORT_LEN + 1];
    if (!store_request_find_pending(ops->store, spki_sha256, &request, e) || request == NULL) {
        return !err_is_set(e);
    }
    id_format_short(&request->id, id);
    return list_printf(lines, e, "request %s (%.200s) waits for a certificate with this key", id,
                       request->subject);
}

static bool relate_certificates(struct ops *ops, const uint8_t spki_sha256[32], struct list *lines,
                                struct err *e) {
    const struct cert_filter filter = {.spki_sha256 = spki_sha256};
    const struct page page = {.limit = 10};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    if (!store_cert_list(ops->store, &filter, CERT_SORT_EXPIRY, &page, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (!list_printf(lines, e, "certificate \"%.200s\" has this key",
                         rows.items[i]->friendly_name)) {
            return false;
        }
    }
    return true;
}

static bool relate_issued(struct ops *ops, const uint8_t spki_sha256[32], struct list *lines,
                          struct err *e) {
    const struct issued_filter filter = {.spki_sha256 = spki_sha256};
    const struct page page = {.limit = 10};
    PL_AUTO(issued_rows_clear) struct issued_rows rows = {0};
    if (!store_issued_list(ops->store, &filter, ISSUED_SORT_AGE, &page, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        char id[ID_SHORT_LEN + 1];
        id_format_short(&rows.items[i]->id, id);
        if (!list_printf(lines, e, "the CA of this store issued %s for this key", id)) {
            return false;
        }
    }
    return true;
}

/* Other items of the same file with the same key. */
static bool relate_file(const uint8_t spki_sha256[32], const struct detected *detected,
                        struct list *lines, struct err *e) {
    size_t count = 0;
    for (size_t i = 0; i < detected->count; i++) {
        const struct detected_item *item = &detected->items[i];
        count += item->has_spki && memcmp(item->spki_sha256, spki_sha256, 32) == 0 ? 1 : 0;
    }
    return count < 2 ||
           list_printf(lines, e, "%zu things in this file belong together by their key", count);
}

bool ops_relations(struct ops *ops, const uint8_t spki_sha256[32], const struct detected *detected,
                   struct list *lines, struct err *e) {
    err_init(e);
    return relate_file(spki_sha256, detected, lines, e) &&
           (ops == NULL ||
            (relate_key(ops, spki_sha256, lines, e) && relate_request(ops, spki_sha256, lines, e) &&
             relate_certificates(ops, spki_sha256, lines, e) &&
             relate_issued(ops, spki_sha256, lines, e)));
}
